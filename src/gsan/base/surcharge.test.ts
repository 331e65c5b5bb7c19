import fc from "fast-check";
import { expect, test } from "vitest";
import { centsOf, decimalOf } from "./money.ts";
import { commonSurcharges, surchargeCents } from "./surcharge.ts";

const debt = { amountCents: 8540n, dueOn: "2026-10-10", lateFeeCharged: false };

test.each([
  ["2026-10-09", 0n],
  ["2026-10-10", 0n],
  // one day: 1.708 -> 1.71 and 0.0285 -> 0.03
  ["2026-10-11", 174n],
  ["2026-11-09", 171n + 85n],
  ["2026-11-24", 171n + 128n],
])("85.40 due on 2026-10-10 costs on %s: %i cents more", (today, cents) => {
  expect(surchargeCents(commonSurcharges, debt, today)).toBe(cents);
});

test("the fee already charged is left out, and zero rates switch surcharges off", () => {
  expect(surchargeCents(commonSurcharges, { ...debt, lateFeeCharged: true }, "2026-11-24")).toBe(128n);
  expect(surchargeCents({ lateFeeBasisPoints: 0, monthlyInterestBasisPoints: 0 }, debt, "2030-01-01")).toBe(0n);
});

test("a surcharge is never negative and never shrinks as days pass", () => {
  const day = fc.integer({ min: 0, max: 4_000 }).map((offset) => new Date(Date.UTC(2024, 0, 1 + offset)).toISOString().slice(0, 10));
  fc.assert(
    fc.property(fc.bigInt({ min: -1_000n, max: 10n ** 13n }), day, day, day, (amountCents, dueOn, one, two) => {
      const [early = one, late = two] = [one, two].sort();
      const at = (today: string): bigint => surchargeCents(commonSurcharges, { amountCents, dueOn, lateFeeCharged: false }, today);
      expect(at(early) >= 0n && at(late) >= at(early)).toBe(true);
    }),
  );
});

test("cents and decimal text are each other's inverse", () => {
  fc.assert(fc.property(fc.bigInt({ min: -(10n ** 15n), max: 10n ** 15n }), (cents) => centsOf(decimalOf(cents)) === cents));
  expect([decimalOf(1n), decimalOf(-5n), decimalOf(999_999_999n)]).toEqual(["0.01", "-0.05", "9999999.99"]);
});

test.each(["1", "1.5", "1e2", "", "0.001", " 1.00", "NaN"])("%j is no amount of GSAN", (text) => {
  expect(() => centsOf(text)).toThrow(RangeError);
});
