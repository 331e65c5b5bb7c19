import fc from "fast-check";
import { expect, test } from "vitest";
import { liesWithin, mergeRanges, type Ranges } from "./number-ranges.ts";

const value = fc.integer({ min: 1, max: 40 });
const range = fc.tuple(value, value).map(([a, b]) => [Math.min(a, b), Math.max(a, b)] as const);
const side = fc.tuple(fc.array(value, { maxLength: 6 }), fc.array(range, { maxLength: 4 }));

function setOf(ranges: Ranges): Set<number> {
  return new Set(ranges.flatMap(([from, to]) => Array.from({ length: to - from + 1 }, (_, index) => from + index)));
}

test("one set of numbers lies within another exactly when each of its numbers does", () => {
  fc.assert(
    fc.property(side, side, (a, b) => {
      const [inner, outer] = [mergeRanges(...a), mergeRanges(...b)];
      expect(setOf(inner)).toEqual(new Set([...a[0], ...setOf(a[1])]));
      const [numbers, allowed] = [setOf(inner), setOf(outer)];
      expect(liesWithin(inner, outer)).toBe([...numbers].every((number) => allowed.has(number)));
    }),
    { numRuns: 500 },
  );
});
