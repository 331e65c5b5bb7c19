import { createBucketStore, type BucketStore } from "./bucket-store.ts";
import { QuotaSlices, type QuotaRows } from "./quota-slices.ts";
import { within } from "./within.ts";
import { startShareLease, type ShareLeaseOptions } from "./share-lease.ts";

export type NodeLimits = {
  buckets: BucketStore;
  preflightBuckets: BucketStore;
  quotas: QuotaSlices;
  /** Takes this node's share of all limits. */
  start(): Promise<void>;
  /** Gives back what is in hand; nothing passes any more. */
  close(): Promise<void>;
};

const tendEveryMs = 500;
const closeWithinMs = 1_000;

/** The limits of one node (each worker process is one): buckets over its leased share, quotas in leased slices. */
export function createNodeLimits(options: ShareLeaseOptions & { quotaRows: QuotaRows }): NodeLimits {
  const { quotaRows, clock, log } = options;
  const lease = startShareLease(options);
  const quotas = new QuotaSlices(quotaRows, () => clock.monotonicMs());
  let isTending = false;
  const tending = setInterval(() => {
    if (isTending) return;
    isTending = true;
    quotas
      .tend()
      .catch((error: unknown) => log.debug({ err: error }, "slices of quotas were not tended"))
      .finally(() => (isTending = false));
  }, tendEveryMs);
  tending.unref();
  const buckets = createBucketStore(lease.shares);
  const preflightBuckets = createBucketStore(lease.shares);
  return {
    buckets,
    preflightBuckets,
    quotas,
    start: () => lease.start(),
    async close() {
      clearInterval(tending);
      await within(quotas.close(), closeWithinMs).catch((error: unknown) => log.warn({ err: error }, "slices of quotas are lost"));
      const nowUs = Math.floor(clock.monotonicMs() * 1000);
      await lease.close(Math.min(buckets.restedUs(nowUs), preflightBuckets.restedUs(nowUs)));
    },
  };
}
