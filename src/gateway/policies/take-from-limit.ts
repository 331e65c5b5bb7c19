import type { Call } from "../call.ts";
import { sourceOf } from "../http/connection-gate.ts";
import { noShare, type BucketStore } from "../limits/bucket-store.ts";
import type { Limit } from "../limits/gcra.ts";
import type { Quota, QuotaSlices } from "../limits/quota-slices.ts";
import { quotasOf } from "../limits/quotas-of.ts";
import type { AccessPolicy } from "../policy/snapshot.ts";
import { Refusal } from "../refusal.ts";
import { decodeText } from "../validation/parse-query.ts";

/** The values of the path that name the target; none when no operation was found. */
type Asked = { values?: readonly string[] | undefined };

type Limits = { buckets: BucketStore; quotas: QuotaSlices };

/** Of a publishable access, whose token anybody can read: one address, and one object that is asked for. */
const perAddress: Limit = { rateMilli: 5_000, burst: 20 };
const perTarget: Limit = { rateMilli: 1_000, burst: 10 };

/**
 * Step 6: for a publishable access one call from the buckets of its address and its target, then from the bucket of
 * license x access and from the quotas. There is something to wait for only when a slice of a quota has to be fetched first.
 */
export function takeFromLimit(call: Call, access: AccessPolicy, asked: Asked, from: Limits): Promise<void> | undefined {
  // first, so that one address cannot empty the bucket of all
  if (access.kind === "publishable") takePublishable(call, access, { buckets: from.buckets, values: asked.values });
  takeRate(call, access, from.buckets);
  const missing = takeQuotas(call, access, from.quotas);
  return missing === undefined ? undefined : fetchAndTake(missing, { call, access, quotas: from.quotas });
}

export function bucketKey(access: AccessPolicy): string {
  return `${access.license.tenantId}/${access.accessId}`;
}

function takeRate(call: Call, access: AccessPolicy, buckets: BucketStore): void {
  const { license } = access;
  const verdict = buckets.take(bucketKey(access), license.limit, nowUs(call));
  call.seen.meter = verdict;
  if (verdict.allowed) return;
  if (verdict === noShare) throw noShareHere();
  const { rateMilli, burst } = license.limit;
  throw refused(call, access, {
    clause: "limit",
    says: `${rateMilli / 1000} calls a second, at most ${burst} at once`,
    us: verdict.retryAfterUs,
  });
}

function takePublishable(call: Call, access: AccessPolicy, { buckets, values }: { buckets: BucketStore } & Asked): void {
  const key = bucketKey(access);
  const address = buckets.take(`${key}@${sourceOf(call.address)}`, perAddress, nowUs(call));
  if (address === noShare) throw noShareHere();
  if (!address.allowed)
    throw refused(call, access, {
      clause: "limit-address",
      says: "5 calls a second from one address, at most 20 at once",
      us: address.retryAfterUs,
    });
  if (values === undefined || values.length === 0) return;
  // an object has many spellings with escapes, and one bucket
  const object = values.map((value) => decodeText(value) ?? value).join("/");
  const target = buckets.take(`${key}#${call.seen.operation?.operationId} ${object}`, perTarget, nowUs(call));
  if (target === noShare) throw noShareHere();
  if (!target.allowed)
    throw refused(call, access, {
      clause: "limit-target",
      says: "1 call a second for one object, at most 10 at once",
      us: target.retryAfterUs,
    });
}

/** Takes from every quota or from none; the first of which nothing is in hand is answered. */
function takeQuotas(call: Call, access: AccessPolicy, slices: QuotaSlices): Quota | undefined {
  const quotas = quotasOf(access);
  for (const quota of quotas) {
    const inHand = slices.look(quota);
    if (inHand === "absent") return quota;
    if (inHand === "spent") throw spent(call, access, { quota, slices });
  }
  for (const quota of quotas) slices.take(quota);
  return undefined;
}

/** Once for each quota, and once more for a slice that others emptied meanwhile. */
async function fetchAndTake(first: Quota, from: { call: Call; access: AccessPolicy; quotas: QuotaSlices }): Promise<void> {
  let missing: Quota | undefined = first;
  for (let tries = 0; missing !== undefined; tries += 1) {
    if (tries > 3) throw awayFrom("quota-slice", "More calls come in at once than this node can count. Try again.");
    await from.quotas.fill(missing).catch(() => {
      throw awayFrom("quota-slice", "The calls of this period cannot be counted while the store is away. Try again later.");
    });
    missing = takeQuotas(from.call, from.access, from.quotas);
  }
}

function spent(call: Call, access: AccessPolicy, { quota, slices }: { quota: Quota; slices: QuotaSlices }): Refusal {
  const us = (slices.view(quota)?.endsInMs ?? 1_000) * 1_000;
  return refused(call, access, { clause: `quota-${quota.kind}`, says: `${quota.calls} calls a ${quota.kind}`, us });
}

/** Says which clause of which version refused and when it would not; only what the license already grants. */
function refused(call: Call, access: AccessPolicy, { clause, says, us }: { clause: string; says: string; us: number }): Refusal {
  const { licenseId, version } = access.license;
  const retryAfterSeconds = Math.max(1, Math.ceil(us / 1_000_000));
  const at = new Date(call.at.getTime() + Math.ceil(us / 1_000)).toISOString();
  const detail = `License ${licenseId}, version ${version}, allows ${says}. A call passes again at ${at}: wait as many seconds as Retry-After says.`;
  return new Refusal("too-many-requests", { clause, detail, showClause: true, retryAfterSeconds });
}

function noShareHere(): Refusal {
  return awayFrom("limit-share", "This node holds no share of the license's limit now. Try again.");
}

function awayFrom(clause: string, detail: string): Refusal {
  return new Refusal("store-away", { clause, detail, retryAfterSeconds: 1 });
}

function nowUs(call: Call): number {
  return Math.floor(call.startedMs * 1000);
}
