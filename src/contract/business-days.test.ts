import fc from "fast-check";
import { expect, test } from "vitest";
import { addBusinessDays, businessDaysBetween, easterSunday, isBusinessDay, moveDay, nationalHolidays } from "./business-days.ts";

test.each([
  [2024, "2024-03-31"],
  [2025, "2025-04-20"],
  [2026, "2026-04-05"],
  [2027, "2027-03-28"],
  [2028, "2028-04-16"],
  [2029, "2029-04-01"],
  [2030, "2030-04-21"],
])("Easter of %i is %s", (year, day) => {
  expect(easterSunday(year)).toBe(day);
});

test("the national holidays of 2026 are those of the laws named", () => {
  expect(nationalHolidays(2026)).toEqual([
    "2026-01-01",
    "2026-04-03",
    "2026-04-21",
    "2026-05-01",
    "2026-09-07",
    "2026-10-12",
    "2026-11-02",
    "2026-11-15",
    "2026-11-20",
    "2026-12-25",
  ]);
});

test("20 November is a holiday from 2024 on", () => {
  expect(isBusinessDay("2023-11-20")).toBe(true);
  expect(isBusinessDay("2024-11-20")).toBe(false);
});

test("Carnival, Ash Wednesday and Corpus Christi are business days: no law makes them national holidays", () => {
  for (const days of [-48, -47, -46, 60]) expect(isBusinessDay(moveDay(easterSunday(2026), days))).toBe(true);
});

test.each([
  // a Friday: Monday is the first day
  ["2026-01-09", 3, "2026-01-14"],
  // known on a Saturday
  ["2026-01-10", 3, "2026-01-14"],
  // Good Friday and the weekend in between
  ["2026-04-01", 3, "2026-04-07"],
  // Christmas and New Year
  ["2026-12-23", 3, "2026-12-29"],
  ["2026-12-30", 3, "2027-01-05"],
  // doubled for a small agent
  ["2026-01-09", 6, "2026-01-19"],
  ["2026-04-13", 20, "2026-05-13"],
])("a term from %s of %i business days ends on %s", (from, days, end) => {
  expect(addBusinessDays(from, days)).toBe(end);
});

const day = fc.integer({ min: 0, max: 365 * 60 }).map((offset) => moveDay("2000-01-01", offset));

test("a term ends on a business day, and counting its days gives the term again", () => {
  fc.assert(
    fc.property(day, fc.integer({ min: 1, max: 60 }), (from, days) => {
      const end = addBusinessDays(from, days);
      expect(isBusinessDay(end)).toBe(true);
      expect(businessDaysBetween(from, end)).toBe(days);
      expect(businessDaysBetween(end, from)).toBe(0);
    }),
  );
});

test("a longer term never ends earlier, and a later start neither", () => {
  fc.assert(
    fc.property(day, fc.integer({ min: 0, max: 40 }), (from, days) => {
      expect(addBusinessDays(from, days + 1) > addBusinessDays(from, days)).toBe(true);
      expect(addBusinessDays(moveDay(from, 1), days) >= addBusinessDays(from, days)).toBe(true);
    }),
  );
});

test("Easter is a Sunday from 22 March to 25 April", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1900, max: 2200 }), (year) => {
      const easter = easterSunday(year);
      expect(new Date(`${easter}T00:00:00Z`).getUTCDay()).toBe(0);
      expect(easter.slice(5) >= "03-22" && easter.slice(5) <= "04-25").toBe(true);
    }),
  );
});

test.each(["2026-02-30", "2026-1-1", "", "x", "2026-01-01T00:00:00Z"])("%j is no day", (text) => {
  expect(() => isBusinessDay(text)).toThrow(RangeError);
});
