import { debtAt, takeCall, viewBucket, type Limit, type Verdict } from "./gcra.ts";
import { restOf, ShareHistory, type SharedBucket } from "./share-history.ts";
import { shiftOf } from "./share-line.ts";

/** Buckets by key. A bucket that has become full equals a new one, so it is forgotten: memory follows the keys in use. */
export type BucketStore = {
  take(key: string, limit: Limit, nowUs: number): Verdict;
  /** What the next call would meet; takes nothing. */
  view(key: string, limit: Limit, nowUs: number): Verdict;
  size(): number;
  /** All that is held here would be there again, had every bucket been empty so many microseconds ago. */
  restedUs(nowUs: number): number;
};

/** Of a node that holds no share of the limit. */
export const noShare: Verdict = { allowed: false, remaining: 0, retryAfterUs: 1_000_000, fullAfterUs: 1_000_000 };

/** Buckets hold this node's share of each limit; without shares all of it. */
export function createBucketStore(shares = ShareHistory.whole()): BucketStore {
  const kept = new Map<string, SharedBucket>();
  let sweep = kept.entries();

  // two steps per call: a full round is done in half as many calls as there are keys, without a pause
  function forgetFull(nowUs: number): void {
    for (let step = 0; step < 2; step += 1) {
      const next = sweep.next();
      if (next.done) {
        sweep = kept.entries();
        return;
      }
      const [key, found] = next.value;
      shares.follow(found, found.limit);
      if (debtAt(found.bucket, found.share, nowUs) === 0) kept.delete(key);
    }
  }

  return {
    take(key, limit, nowUs) {
      if (!shares.isUsable(nowUs)) return noShare;
      forgetFull(nowUs);
      let found = kept.get(key);
      if (found === undefined) {
        found = shares.fresh(limit, shiftOf(key));
        // a share of none is not worth remembering
        if (found.share.burst === 0) return noShare;
        kept.set(key, found);
      } else shares.follow(found, limit);
      return takeCall(found.bucket, found.share, nowUs);
    },
    view(key, limit, nowUs) {
      if (!shares.isUsable(nowUs)) return noShare;
      const found = kept.get(key) ?? shares.fresh(limit, shiftOf(key));
      shares.follow(found, limit);
      return viewBucket(found.bucket, found.share, nowUs);
    },
    size: () => kept.size,
    restedUs(nowUs) {
      let least = shares.restedUs(nowUs);
      for (const found of kept.values()) {
        shares.follow(found, found.limit);
        least = Math.min(least, restOf(found, nowUs));
      }
      return least;
    },
  };
}
