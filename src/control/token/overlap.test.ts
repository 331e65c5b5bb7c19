import fc from "fast-check";
import { expect, test } from "vitest";
import { retiringUntil } from "./overlap.ts";

const now = new Date("2026-03-01T12:00:00Z");
const day = 24 * 3_600_000;
const in90Days = new Date(now.getTime() + 90 * day);

test("named overlaps last what they say, and 0 leaves nothing", () => {
  const minutes = (overlap: string) => ((retiringUntil(overlap, now, [in90Days])?.getTime() ?? now.getTime()) - now.getTime()) / 60_000;
  expect(["0", "15m", "1h", "24h"].map(minutes)).toEqual([0, 15, 60, 1440]);
  expect(retiringUntil("0", now, [in90Days])).toBeNull();
});

test("an overlap is at most 30 days and never beyond any end", () => {
  const instant = fc.date({ min: new Date(now.getTime() - 60 * day), max: new Date(now.getTime() + 60 * day), noInvalidDate: true });
  const overlap = fc.oneof(
    fc.constantFrom("0", "15m", "1h", "24h"),
    instant.map((at) => at.toISOString()),
  );
  fc.assert(
    fc.property(overlap, instant, fc.option(instant), (chosen, license, other) => {
      let until: Date | null;
      try {
        until = retiringUntil(chosen, now, [license, other]);
      } catch {
        return;
      }
      if (until === null) return;
      expect(until > now && until <= license && (other === null || until <= other)).toBe(true);
      expect(until.getTime() - now.getTime()).toBeLessThanOrEqual(30 * day);
    }),
  );
});

test("an instant that passed, lies beyond 30 days or beyond the license is refused, not moved", () => {
  const at = (days: number) => new Date(now.getTime() + days * day).toISOString();
  for (const [overlap, license] of [
    [at(-1), in90Days],
    [now.toISOString(), in90Days],
    [at(30.01), in90Days],
    [at(5), new Date(now.getTime() + 4 * day)],
    ["2016-12-31T23:59:60Z", in90Days],
  ] as const) {
    expect(() => retiringUntil(overlap, now, [license])).toThrow(
      expect.objectContaining({ code: "invalid-field", pointer: "/body/overlap" }),
    );
  }
});
