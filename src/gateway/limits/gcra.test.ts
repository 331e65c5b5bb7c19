import fc from "fast-check";
import { expect, test } from "vitest";
import { createBucketStore } from "./bucket-store.ts";
import { takeCall, type Bucket, type Limit } from "./gcra.ts";

const limits = fc.record({ rateMilli: fc.integer({ min: 1, max: 5_000_000 }), burst: fc.integer({ min: 1, max: 200 }) });
const gapsUs = fc.array(fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 2_000_000 })), { minLength: 1, maxLength: 200 });

function fresh(): Bucket {
  return { debt: 0, atUs: 0 };
}

/** The same rule in exact integers of any size: an oracle that shares no code with the bucket. */
function oracle(limit: Limit, timesUs: number[]): boolean[] {
  const full = BigInt(limit.burst) * 1_000_000_000n;
  let saved = full;
  let last = timesUs[0] ?? 0;
  return timesUs.map((nowUs) => {
    saved += BigInt(nowUs - last) * BigInt(limit.rateMilli);
    if (saved > full) saved = full;
    last = nowUs;
    if (saved < 1_000_000_000n) return false;
    saved -= 1_000_000_000n;
    return true;
  });
}

function times(gaps: number[]): number[] {
  let now = 0;
  return gaps.map((gap) => (now += gap));
}

test("every verdict equals the exact token bucket in big integers", () => {
  fc.assert(
    fc.property(limits, gapsUs, (limit, gaps) => {
      const bucket = fresh();
      const at = times(gaps);
      expect(at.map((nowUs) => takeCall(bucket, limit, nowUs).allowed)).toEqual(oracle(limit, at));
    }),
  );
});

test("no window ever lets through more than burst + rate x time", () => {
  fc.assert(
    fc.property(limits, gapsUs, (limit, gaps) => {
      const bucket = fresh();
      const let_ = times(gaps).filter((nowUs) => takeCall(bucket, limit, nowUs).allowed);
      for (let from = 0; from < let_.length; from += 1) {
        const span = BigInt((let_.at(-1) ?? 0) - (let_[from] ?? 0));
        const most = BigInt(limit.burst) + (span * BigInt(limit.rateMilli)) / 1_000_000_000n;
        expect(BigInt(let_.length - from)).toBeLessThanOrEqual(most);
      }
    }),
  );
});

test("a refused call is let through exactly after retryAfterUs and not a microsecond before", () => {
  fc.assert(
    fc.property(limits, (limit) => {
      const bucket = fresh();
      let verdict = takeCall(bucket, limit, 0);
      while (verdict.allowed) verdict = takeCall(bucket, limit, 0);
      expect(verdict.retryAfterUs).toBeGreaterThan(0);
      expect(takeCall({ ...bucket }, limit, verdict.retryAfterUs - 1).allowed).toBe(false);
      expect(takeCall(bucket, limit, verdict.retryAfterUs).allowed).toBe(true);
    }),
  );
});

test("remaining is the number of calls that pass at once", () => {
  fc.assert(
    fc.property(limits, fc.integer({ min: 0, max: 50 }), (limit, taken) => {
      const bucket = fresh();
      let verdict = takeCall(bucket, limit, 0);
      for (let i = 0; i < taken; i += 1) verdict = takeCall(bucket, limit, 0);
      for (let i = 0; i < verdict.remaining; i += 1) expect(takeCall(bucket, limit, 0).allowed).toBe(true);
      expect(takeCall(bucket, limit, 0).allowed).toBe(false);
    }),
  );
});

test("a clock that goes back gives nothing", () => {
  const bucket = fresh();
  const limit = { rateMilli: 1000, burst: 1 };
  expect(takeCall(bucket, limit, 5_000_000).allowed).toBe(true);
  expect(takeCall(bucket, limit, 1_000_000).allowed).toBe(false);
  expect(takeCall(bucket, limit, 5_999_999).allowed).toBe(false);
  expect(takeCall(bucket, limit, 6_000_000).allowed).toBe(true);
});

test("a store forgets full buckets and never changes a verdict by it", () => {
  fc.assert(
    fc.property(
      limits,
      fc.array(fc.tuple(fc.integer({ min: 0, max: 5 }), fc.integer({ min: 0, max: 3_000_000 })), { maxLength: 300 }),
      (limit, calls) => {
        const store = createBucketStore();
        const alone = new Map<number, Bucket>();
        let nowUs = 0;
        for (const [key, gap] of calls) {
          nowUs += gap;
          const bucket = alone.get(key) ?? { debt: 0, atUs: nowUs };
          alone.set(key, bucket);
          expect(store.take(String(key), limit, nowUs)).toEqual(takeCall(bucket, limit, nowUs));
        }
      },
    ),
  );
});

test("a store that met many keys holds only those that are not full", () => {
  const store = createBucketStore();
  const limit = { rateMilli: 1_000_000, burst: 10 };
  for (let i = 0; i < 10_000; i += 1) store.take(`key-${i}`, limit, i * 1000);
  expect(store.size()).toBeLessThan(10);
});
