import fc from "fast-check";
import { expect, test } from "vitest";
import { holdsInteger, maxPacked, packIntegers, unpackIntegers } from "./packed-integers.ts";

const lists = fc.uniqueArray(fc.integer({ min: 1, max: maxPacked }), { maxLength: 200 }).map((list) => list.toSorted((a, b) => a - b));

test("what was packed comes back whole, and every number of it is found", () => {
  fc.assert(
    fc.property(lists, fc.integer({ min: 1, max: maxPacked }), (list, other) => {
      const back = unpackIntegers(packIntegers(list));
      expect([...back]).toEqual(list);
      for (const value of list) expect(holdsInteger(back, value)).toBe(true);
      expect(holdsInteger(back, other)).toBe(list.includes(other));
    }),
  );
});

test("a dense list of 100,000 takes at most two bytes a number", () => {
  const list = Array.from({ length: 100_000 }, (_, index) => 5_000_000 + index * 11);
  expect(packIntegers(list).length).toBeLessThan(200_000);
});

test.each([[[2, 1]], [[1, 1]], [[0]], [[-1]], [[1.5]], [[2 ** 31]]])("%j is not packed", (list) => {
  expect(() => packIntegers(list)).toThrow(RangeError);
});

test("bytes that are no packed list are refused and never read as one", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 12 }), (bytes) => {
      let list: Int32Array;
      try {
        list = unpackIntegers(bytes);
      } catch (error) {
        expect(error).toBeInstanceOf(RangeError);
        return;
      }
      expect([...list]).toEqual([...list].toSorted((a, b) => a - b));
    }),
  );
});
