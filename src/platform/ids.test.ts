import { expect, test } from "vitest";
import { newId } from "./ids.ts";

test("an id is its prefix and 26 characters of Crockford base32", () => {
  expect(newId("tok")).toMatch(/^tok_[0-9a-hjkmnp-tv-z]{26}$/);
});

test("ids that are made later sort later, within a millisecond and across", () => {
  const made = Array.from({ length: 5000 }, () => newId("x"));
  expect(made.toSorted()).toEqual(made);
  expect(new Set(made).size).toBe(made.length);
});

test("the time part sorts by milliseconds and does not depend on the random part", () => {
  const early = newId("x", 1_000);
  const late = newId("x", 1_001);
  expect(early < late).toBe(true);
  expect(newId("x", 2 ** 48 - 1).slice(2, 12)).toBe("7zzzzzzzzz");
});
