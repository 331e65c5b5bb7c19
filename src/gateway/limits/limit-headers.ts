import type { AccessPolicy, LicensePolicy } from "../policy/snapshot.ts";
import type { Verdict } from "./gcra.ts";
import type { Quota, QuotaSlices } from "./quota-slices.ts";
import { quotasOf } from "./quotas-of.ts";

const policies = new WeakMap<LicensePolicy | AccessPolicy, string>();

/**
 * `RateLimit-Policy` and `RateLimit` (draft-ietf-httpapi-ratelimit-headers-10, structured fields). `license` is the token
 * bucket: quota = burst, window = the seconds in which an empty bucket fills, remaining = calls that would pass now on this
 * node, t = seconds until it is full (until one call passes, when none would). `day` and `month` are the quotas: remaining =
 * what this node knows to be left, t = seconds until the period ends.
 */
export function limitHeaders(access: AccessPolicy, verdict: Verdict, slices: QuotaSlices): string[] {
  const wait = verdict.remaining === 0 ? verdict.retryAfterUs : verdict.fullAfterUs;
  let state = `"license";r=${verdict.remaining};t=${Math.ceil(wait / 1_000_000)}`;
  for (const quota of quotasOf(access)) {
    const known = slices.view(quota);
    if (known !== undefined) state += `, "${quota.kind}";r=${known.left};t=${Math.ceil(known.endsInMs / 1_000)}`;
  }
  return ["ratelimit-policy", policyOf(access), "ratelimit", state];
}

function policyOf(access: AccessPolicy): string {
  const quotas = quotasOf(access);
  const of = quotas === access.license.quotas ? access.license : access;
  let text = policies.get(of);
  if (text === undefined) {
    const { burst, rateMilli } = access.license.limit;
    text = [`"license";q=${burst};w=${Math.max(1, Math.ceil((burst * 1000) / rateMilli))}`, ...quotas.map(quotaItem)].join(", ");
    policies.set(of, text);
  }
  return text;
}

/** Months differ in length, so theirs says no window. */
function quotaItem({ kind, calls }: Quota): string {
  return kind === "day" ? `"day";q=${calls};w=86400` : `"month";q=${calls}`;
}
