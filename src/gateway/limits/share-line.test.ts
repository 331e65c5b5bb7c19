import fc from "fast-check";
import { expect, test } from "vitest";
import { limitIn, lineLength, nextRange, noRange, overlap, isEmpty, targetOf, wholeLine } from "./share-line.ts";

const limits = fc.record({ rateMilli: fc.integer({ min: 1, max: 100_000_000 }), burst: fc.integer({ min: 1, max: 1_000_000 }) });
const shifts = fc.integer({ min: 0, max: lineLength - 1 });

test("ranges that fill the line hold exactly the burst between them, and never more than the rate", () => {
  fc.assert(
    fc.property(limits, shifts, fc.uniqueArray(fc.integer({ min: 1, max: lineLength - 1 }), { maxLength: 8 }), (limit, shift, cuts) => {
      const ends = [0, ...cuts.toSorted((a, b) => a - b), lineLength];
      const parts = ends.slice(1).map((to, at) => limitIn({ from: ends[at] ?? 0, to }, limit, shift));
      expect(parts.reduce((sum, part) => sum + part.burst, 0)).toBe(limit.burst);
      expect(parts.reduce((sum, part) => sum + part.rateMilli, 0)).toBeLessThanOrEqual(limit.rateMilli);
      expect(parts.every((part) => part.burst >= 0 && part.rateMilli >= 0)).toBe(true);
    }),
  );
});

test("a node alone has the limit itself, and one without a share has nothing", () => {
  const limit = { rateMilli: 2_500, burst: 10 };
  expect(limitIn(wholeLine, limit, 7)).toBe(limit);
  expect(limitIn(noRange, limit, 7)).toEqual({ rateMilli: 0, burst: 0 });
});

test("targets of any number of nodes fill the line and do not overlap", () => {
  for (let nodes = 1; nodes <= 20; nodes += 1) {
    const ids = Array.from({ length: nodes }, (_, at) => `nod_${String(at).padStart(2, "0")}`);
    const targets = ids.map((id) =>
      targetOf(
        id,
        ids.filter((other) => other !== id).map((nodeId) => ({ nodeId, range: noRange })),
      ),
    );
    expect(targets.map((range) => range.from)).toEqual([0, ...targets.slice(0, -1).map((range) => range.to)]);
    expect(targets.at(-1)?.to).toBe(lineLength);
  }
});

test("what a node takes next never overlaps what others hold, and keeps what it kept", () => {
  const range = fc
    .tuple(fc.integer({ min: 0, max: lineLength }), fc.integer({ min: 0, max: lineLength }))
    .map(([a, b]) => ({ from: Math.min(a, b), to: Math.max(a, b) }));
  fc.assert(
    fc.property(range, range, fc.array(range, { maxLength: 8 }), (own, target, ranges) => {
      const kept = overlap(own, target);
      const others = ranges
        .filter((other) => isEmpty(overlap(other, kept)) && !isEmpty(other))
        .map((held, at) => ({ nodeId: `nod_${at}`, range: held }));
      const next = nextRange(kept, target, others);
      expect(others.every((other) => isEmpty(overlap(other.range, next)))).toBe(true);
      if (!isEmpty(kept)) expect(overlap(next, kept)).toEqual(kept);
      expect(isEmpty(next) || (next.from >= target.from && next.to <= target.to)).toBe(true);
    }),
  );
});
