import type { Call } from "../call.ts";
import type { ConnectionGate } from "../http/connection-gate.ts";
import { Refusal } from "../refusal.ts";

/**
 * Step 1, behind a proxy: how many calls one client address has under way. Of an address that is connected itself the
 * connections are counted, each of which has one call at a time.
 */
export function holdShare<T>(call: Call, peer: string, gate: ConnectionGate, work: () => Promise<T>): Promise<T> {
  const isItself = peer === call.address || peer === `::ffff:${call.address}`;
  return isItself ? work() : holdCounted(call, gate, work);
}

async function holdCounted<T>(call: Call, gate: ConnectionGate, work: () => Promise<T>): Promise<T> {
  const leave = gate.enter(call.address);
  if (leave === undefined)
    throw new Refusal("too-many-requests", {
      clause: "address-calls",
      detail: "Too many calls of this address are under way.",
      retryAfterSeconds: 1,
    });
  try {
    return await work();
  } finally {
    leave();
  }
}
