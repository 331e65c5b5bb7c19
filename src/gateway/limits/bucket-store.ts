import { debtAt, takeCall, viewBucket, type Bucket, type Limit, type Verdict } from "./gcra.ts";

type Kept = { bucket: Bucket; limit: Limit };

/** Buckets by key. A bucket that has become full equals a new one, so it is forgotten: memory follows the keys in use. */
export type BucketStore = {
  take(key: string, limit: Limit, nowUs: number): Verdict;
  /** What the next call would meet; takes nothing. */
  view(key: string, limit: Limit, nowUs: number): Verdict;
  size(): number;
};

export function createBucketStore(): BucketStore {
  const kept = new Map<string, Kept>();
  let sweep = kept.entries();

  // two steps per call: a full round is done in half as many calls as there are keys, without a pause
  function forgetFull(nowUs: number): void {
    for (let step = 0; step < 2; step += 1) {
      const next = sweep.next();
      if (next.done) {
        sweep = kept.entries();
        return;
      }
      const [key, { bucket, limit }] = next.value;
      if (debtAt(bucket, limit, nowUs) === 0) kept.delete(key);
    }
  }

  return {
    take(key, limit, nowUs) {
      forgetFull(nowUs);
      const found = kept.get(key) ?? { bucket: { debt: 0, atUs: nowUs }, limit };
      found.limit = limit;
      kept.set(key, found);
      return takeCall(found.bucket, limit, nowUs);
    },
    view: (key, limit, nowUs) => viewBucket(kept.get(key)?.bucket ?? { debt: 0, atUs: nowUs }, limit, nowUs),
    size: () => kept.size,
  };
}
