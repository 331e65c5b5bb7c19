import type { Call } from "../call.ts";
import type { AccessPolicy } from "../policy/snapshot.ts";
import { Refusal } from "../refusal.ts";

/**
 * Step 5: the network and the web origin that the access is bound to. An origin can be claimed by any program, so it
 * bounds abuse in browsers and proves nothing; a live publishable access without one is not usable.
 */
export function checkBindings(call: Call, access: AccessPolicy): void {
  if (!access.allowsAddress(call.address)) throw bound("address", "This access may not be used from this address.");
  if (access.origins.size === 0) {
    if (access.kind === "publishable" && access.mode === "live") throw bound("origin", "This access has no registered web origin.");
    return;
  }
  const { origin } = call.headers;
  if (origin === undefined || !access.origins.has(origin))
    throw bound("origin", "This access may be used from its registered web origins only.");
  call.seen.corsOrigin = origin;
}

function bound(clause: string, detail: string): Refusal {
  return new Refusal("forbidden", { clause, detail, showClause: true });
}
