import fc from "fast-check";
import { expect, test } from "vitest";
import { daysBetween, localDate } from "./local-date.ts";

test.each([
  ["2026-11-25T02:59:59Z", "America/Recife", "2026-11-24"],
  ["2026-11-25T03:00:00Z", "America/Recife", "2026-11-25"],
  ["2026-11-25T03:30:00Z", "America/Manaus", "2026-11-24"],
  ["2026-01-01T00:30:00Z", "America/Recife", "2025-12-31"],
])("%s in %s is %s", (instant, zone, date) => {
  expect(localDate(new Date(instant), zone)).toBe(date);
});

test("days between two dates are whole, across leap years and both ways", () => {
  const days = fc.integer({ min: 0, max: 80_000 });
  const text = (day: number): string => new Date(day * 86_400_000).toISOString().slice(0, 10);
  fc.assert(fc.property(days, days, (one, two) => daysBetween(text(one), text(two)) === two - one));
});
