import fc from "fast-check";
import { expect, test } from "vitest";
import { bitsOf, placeOf } from "./seen-set.ts";

const ids = fc.integer({ min: -10_000, max: 2 ** 40 });

test("every id has a place of its own within 4096 bits", () => {
  fc.assert(
    fc.property(ids, (id) => {
      const { bucket, bit } = placeOf(id);
      expect(bit).toBeGreaterThanOrEqual(0);
      expect(bit).toBeLessThan(4096);
      expect(bucket * 4096 + bit).toBe(id);
    }),
  );
});

test("exactly the bits of the given ids are set", () => {
  fc.assert(
    fc.property(fc.uniqueArray(ids, { maxLength: 50 }), (given) => {
      const set = [...bitsOf(given)].flatMap(([bucket, bits]) => {
        expect(bits).toHaveLength(4096);
        return Array.from(bits.matchAll(/1/g), (match) => bucket * 4096 + match.index);
      });
      expect(new Set(set)).toEqual(new Set(given));
    }),
  );
});
