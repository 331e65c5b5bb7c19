import fc from "fast-check";
import { expect, test } from "vitest";
import { createPageCursor } from "./page-cursor.ts";

const cursors = createPageCursor(Buffer.alloc(32, 1));
const number = fc.bigInt({ min: 0n, max: 2n ** 63n - 1n });

test("a cursor reads back for its owner alone, and shows no number", () => {
  fc.assert(
    fc.property(number, number, number, (owner, other, id) => {
      const cursor = cursors.write(owner, id);
      expect(cursor).toMatch(/^[A-Za-z0-9_-]{22}$/);
      expect(cursors.read(owner, cursor)).toBe(id);
      expect(cursors.read(other, cursor)).toBe(other === owner ? id : undefined);
    }),
  );
});

test("a cursor of another key, a changed one and any other text are refused", () => {
  const cursor = cursors.write(123_455n, 7n);
  expect(createPageCursor(Buffer.alloc(32, 2)).read(123_455n, cursor)).toBeUndefined();
  fc.assert(
    fc.property(fc.nat(21), fc.constantFrom("A", "B", "a", "z", "0", "9", "-", "_"), (at, letter) => {
      const changed = cursor.slice(0, at) + letter + cursor.slice(at + 1);
      expect(cursors.read(123_455n, changed)).toBe(changed === cursor ? 7n : undefined);
    }),
  );
  fc.assert(fc.property(fc.string(), (text) => cursors.read(0n, text) === undefined));
});
