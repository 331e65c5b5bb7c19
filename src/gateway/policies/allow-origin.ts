import type { Call } from "../call.ts";
import type { AccessPolicy } from "../policy/snapshot.ts";

/**
 * Once the token is known: the page that may read the answer, a refusal too, is one of an origin that the access registered.
 * Before that no answer is for pages, so that every 401 is the same. Never with credentials of the browser.
 */
export function allowOrigin(call: Call, access: AccessPolicy): void {
  if (access.origins.size === 0) return;
  call.seen.variesByOrigin = true;
  const { origin } = call.headers;
  if (origin !== undefined && access.origins.has(origin)) call.seen.corsOrigin = origin;
}
