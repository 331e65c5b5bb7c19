import type { AccessPolicy } from "../policy/snapshot.ts";
import type { Quota } from "./quota-slices.ts";

/** Calls a day of one publishable access whose license says nothing of days. */
export const publishableDay = 10_000;

const own = new WeakMap<AccessPolicy, readonly Quota[]>();

/** The quotas that a call of the access counts for: those of its license, and always one a day for a publishable one. */
export function quotasOf(access: AccessPolicy): readonly Quota[] {
  const { quotas } = access.license;
  if (access.kind === "confidential" || quotas.some((quota) => quota.kind === "day")) return quotas;
  let known = own.get(access);
  if (known === undefined) {
    known = [...quotas, quotaOf(access.license.tenantId, access.accessId, { kind: "day", calls: publishableDay })];
    own.set(access, known);
  }
  return known;
}

export function quotaOf(tenantId: string, holder: string, quota: Pick<Quota, "kind" | "calls">): Quota {
  return { key: `${tenantId} ${holder} ${quota.kind}`, tenantId, holder, ...quota };
}
