import type { Call } from "../call.ts";
import type { BucketStore } from "../limits/bucket-store.ts";
import type { Limit, Verdict } from "../limits/gcra.ts";
import type { AccessPolicy } from "../policy/snapshot.ts";
import { Refusal } from "../refusal.ts";

/** Step 6: one call from the bucket of license x access. */
export function takeFromLimit(call: Call, access: AccessPolicy, buckets: BucketStore): void {
  const verdict = buckets.take(bucketKey(access), access.license.limit, Math.floor(call.startedMs * 1000));
  call.seen.meter = verdict;
  if (verdict.allowed) return;
  throw new Refusal("too-many-requests", {
    clause: "limit",
    detail: "Wait as many seconds as Retry-After says.",
    showClause: true,
    retryAfterSeconds: Math.max(1, seconds(verdict.retryAfterUs)),
  });
}

export function bucketKey(access: AccessPolicy): string {
  return `${access.license.tenantId}/${access.accessId}`;
}

/**
 * `RateLimit-Policy` and `RateLimit` (draft-ietf-httpapi-ratelimit-headers-10): quota = burst, window = the seconds in
 * which an empty bucket fills, remaining = calls that would pass now, t = seconds until it is full (until one call
 * passes, when none would).
 */
export function limitHeaders(limit: Limit, verdict: Verdict): string[] {
  const window = Math.max(1, Math.ceil((limit.burst * 1000) / limit.rateMilli));
  const wait = verdict.remaining === 0 ? verdict.retryAfterUs : verdict.fullAfterUs;
  return ["ratelimit-policy", `"license";q=${limit.burst};w=${window}`, "ratelimit", `"license";r=${verdict.remaining};t=${seconds(wait)}`];
}

function seconds(us: number): number {
  return Math.ceil(us / 1_000_000);
}
