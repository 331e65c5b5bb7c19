import { expect, test } from "vitest";
import { monthOf, monthsBack, trimmed } from "./gsan-values.ts";

test.each([
  [202609, "2026-09"],
  [202612, "2026-12"],
  [202600, null],
  [202613, null],
  [0, null],
  [null, null],
])("month %s is %s", (am, month) => {
  expect(monthOf(am)).toBe(month);
});

test("months go back across the year", () => {
  expect(monthsBack("2026-02-10", 4)).toEqual([202602, 202601, 202512, 202511]);
  expect(monthsBack("2026-12-31", 1)).toEqual([202612]);
});

test("padded and empty texts are trimmed to what they say", () => {
  expect([trimmed("S/N  "), trimmed("   "), trimmed(null)]).toEqual(["S/N", null, null]);
});
