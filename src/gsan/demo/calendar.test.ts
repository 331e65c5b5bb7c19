import fc from "fast-check";
import { expect, test } from "vitest";
import {
  addBusinessDays,
  addMonths,
  businessDay,
  dayInMonth,
  dayOf,
  dayText,
  lastBusinessDay,
  localTime,
  monthOfDay,
  monthsBetween,
  weekday,
} from "./calendar.ts";
import { centsToDecimal, decimalToCents } from "./money.ts";

test("weekends move to Monday, and the last business day before one is Friday", () => {
  expect(dayText(businessDay(dayOf("2026-11-21")))).toBe("2026-11-23");
  expect(dayText(lastBusinessDay(dayOf("2026-11-22")))).toBe("2026-11-20");
  expect(dayText(addBusinessDays(dayOf("2026-11-20"), 1))).toBe("2026-11-23");
});

test("a business day is never a weekend and never earlier than asked", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 40_000 }), fc.integer({ min: 0, max: 20 }), (day, count) => {
      const moved = addBusinessDays(day, count);
      expect(weekday(moved)).toBeLessThan(5);
      expect(moved).toBeGreaterThanOrEqual(day + count);
      expect(moved).toBeLessThanOrEqual(day + count + 2 * Math.ceil((count + 3) / 5) + 2);
    }),
  );
});

test("months are added and counted over year ends", () => {
  expect(addMonths(202_611, 2)).toBe(202_701);
  expect(addMonths(202_601, -2)).toBe(202_511);
  expect(monthsBetween(202_511, 202_701)).toBe(14);
  expect(dayText(dayInMonth(202_602, 30))).toBe("2026-02-28");
});

test("days and their texts are inverse, and the month is the text's", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 40_000 }), (day) => {
      expect(dayOf(dayText(day))).toBe(day);
      expect(monthOfDay(day)).toBe(Number(dayText(day).slice(0, 7).replace("-", "")));
    }),
  );
});

test("the utility's wall clock is three hours behind UTC in Recife, also where summer time skipped midnight elsewhere", () => {
  expect(localTime(new Date("2026-11-24T02:30:00.120Z"), "America/Recife").timestamp).toBe("2026-11-23 23:30:00.120");
  expect(localTime(new Date("2018-11-04T03:00:00Z"), "America/Recife").timestamp).toBe("2018-11-04 00:00:00.000");
});

test("cents and decimal text are inverse without a fraction in between", () => {
  fc.assert(
    fc.property(fc.integer({ min: -999_999_999_999, max: 999_999_999_999 }), (cents) => decimalToCents(centsToDecimal(cents)) === cents),
  );
  expect(centsToDecimal(999_999_999)).toBe("9999999.99");
  expect(decimalToCents("10")).toBe(1_000);
  expect(() => decimalToCents("1e3")).toThrow(RangeError);
});
