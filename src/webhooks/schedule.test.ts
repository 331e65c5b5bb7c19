import fc from "fast-check";
import { expect, test } from "vitest";
import { longestRetryAfterMs, nextDelayMs, parseRetryAfter, standardScheduleMs } from "./schedule.ts";

const unit = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

test("the schedule has ten tries over 75:35:05", () => {
  expect(standardScheduleMs).toHaveLength(10);
  expect(standardScheduleMs.reduce((sum, ms) => sum + ms, 0)).toBe((75 * 3600 + 35 * 60 + 5) * 1000);
});

test("a retry comes never before the schedule nor before Retry-After, and at most a tenth later", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 9 }), fc.option(fc.integer({ min: -5, max: 10 ** 9 })), unit, (tries, retryAfter, random) => {
      const delay = nextDelayMs(tries, { retryAfterMs: retryAfter ?? undefined, random: () => random });
      const base = Math.max(standardScheduleMs[tries] ?? Number.NaN, Math.min(retryAfter ?? 0, longestRetryAfterMs));
      expect(delay).toBeGreaterThanOrEqual(base);
      expect(delay).toBeLessThanOrEqual(Math.ceil(base * 1.1));
    }),
  );
});

test("after the last try there is none", () => {
  fc.assert(
    fc.property(fc.integer({ min: 10, max: 1000 }), unit, (tries, random) => {
      expect(nextDelayMs(tries, { random: () => random })).toBeUndefined();
    }),
  );
});

test("delays grow with the tries", () => {
  const delays = standardScheduleMs.map((_ms, i) => nextDelayMs(i, { random: () => 0.5 }) ?? Number.NaN);
  expect(delays).toEqual(delays.toSorted((a, b) => a - b));
});

const now = new Date("2026-11-24T10:00:00Z");

test.each([
  ["120", 120_000],
  [" 0 ", 0],
  ["Tue, 24 Nov 2026 10:00:30 GMT", 30_000],
  ["Tue, 24 Nov 2026 09:00:00 GMT", 0],
  ["1.5", undefined],
  ["-1", undefined],
  ["99999999999", undefined],
  ["2026-11-24", undefined],
  ["soon", undefined],
  [undefined, undefined],
])("Retry-After %j is read as %j ms", (value, expected) => {
  expect(parseRetryAfter(value, now)).toBe(expected);
});

test("no text makes Retry-After negative or not a number", () => {
  fc.assert(
    fc.property(fc.string(), (value) => {
      const ms = parseRetryAfter(value, now);
      expect(ms === undefined || ms >= 0).toBe(true);
    }),
  );
});
