import { once } from "node:events";
import { join } from "node:path";
import { percentile } from "../verdict.ts";
import { startChild } from "./child.ts";
import type { PacedOrder, PacedResult } from "./paced-client.ts";

export type Latency = { p50Us: number; p99Us: number; answered: number; bad: number; skipped: number };

/** Latencies at a fixed rate, by a client process on its own processor. */
export async function paced(order: PacedOrder, cpu: number): Promise<Latency> {
  await using child = startChild([process.execPath, join(import.meta.dirname, "paced-client.ts")], { cpu, ipc: true });
  child.process.send(order);
  const [result] = (await once(child.process, "message")) as [PacedResult];
  const sorted = result.latenciesUs.toSorted((a, b) => a - b);
  const { bad, skipped } = result;
  return { p50Us: percentile(sorted, 0.5), p99Us: percentile(sorted, 0.99), answered: sorted.length, bad, skipped };
}
