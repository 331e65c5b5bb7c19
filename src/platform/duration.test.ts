import { expect, test } from "vitest";
import { parseDuration } from "./duration.ts";

test.each([
  ["0", 0],
  ["250ms", 250],
  ["30s", 30_000],
  ["15m", 900_000],
  ["24h", 86_400_000],
  ["7d", 604_800_000],
])("%s is %i ms", (text, ms) => {
  expect(parseDuration(text)).toBe(ms);
});

test.each(["", "15", "m", "-1s", "1.5h", "1 h", "1w", "9999999999s", "1H"])("%j is no duration", (text) => {
  expect(parseDuration(text)).toBeUndefined();
});
