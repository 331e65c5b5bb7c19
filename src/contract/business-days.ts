/**
 * Business days by Brazilian national law. A day is text `YYYY-MM-DD` without zone.
 *
 * Holidays: Lei 662/1949 with Lei 10.607/2002 (1 Jan, 21 Apr, 1 May, 7 Sep, 2 Nov, 15 Nov, 25 Dec), Lei 6.802/1980
 * (12 Oct), Lei 14.759/2023 (20 Nov, from 2024), and Good Friday, which the federal calendar lists as national.
 * Carnival, Ash Wednesday and Corpus Christi are optional points (ponto facultativo) and no holidays by national law;
 * state and municipal holidays are not known here. Both count as business days: a term then ends earlier, never later,
 * than an authority could hold.
 */
const fixedHolidays = ["01-01", "04-21", "05-01", "09-07", "10-12", "11-02", "11-15", "12-25"];
const dayMs = 86_400_000;

/** Easter Sunday of a year of the Gregorian calendar (Meeus, Jones, Butcher). */
export function easterSunday(year: number): string {
  const a = year % 19;
  const b = Math.floor(year / 100);
  const c = year % 100;
  const d = Math.floor(b / 4);
  const e = b % 4;
  const f = Math.floor((b + 8) / 25);
  const g = Math.floor((b - f + 1) / 3);
  const h = (19 * a + b - d - g + 15) % 30;
  const i = Math.floor(c / 4);
  const k = c % 4;
  const l = (32 + 2 * e + 2 * i - h - k) % 7;
  const m = Math.floor((a + 11 * h + 22 * l) / 451);
  const month = Math.floor((h + l - 7 * m + 114) / 31);
  const day = ((h + l - 7 * m + 114) % 31) + 1;
  return `${year}-${String(month).padStart(2, "0")}-${String(day).padStart(2, "0")}`;
}

/** National holidays of a year, in order. */
export function nationalHolidays(year: number): string[] {
  const fixed = year >= 2024 ? [...fixedHolidays, "11-20"] : fixedHolidays;
  return [...fixed.map((day) => `${year}-${day}`), moveDay(easterSunday(year), -2)].sort();
}

/** Monday to Friday, and no national holiday. RangeError for what is no day. */
export function isBusinessDay(day: string): boolean {
  const weekday = new Date(parseDay(day)).getUTCDay();
  return weekday !== 0 && weekday !== 6 && !nationalHolidays(Number(day.slice(0, 4))).includes(day);
}

/**
 * The day on which a term of `days` business days ends that began on `day`: the first day is not counted, the last one
 * is (Lei 9.784/1999, art. 66). A term of 0 ends on `day` itself.
 */
export function addBusinessDays(day: string, days: number): string {
  if (!Number.isInteger(days) || days < 0 || days > 1000) throw new RangeError("0 to 1000 business days are expected");
  let at = moveDay(day, 0);
  for (let left = days; left > 0;) {
    at = moveDay(at, 1);
    if (isBusinessDay(at)) left -= 1;
  }
  return at;
}

/** Business days after `from` up to and with `to`; 0 when `to` is not later. */
export function businessDaysBetween(from: string, to: string): number {
  let count = 0;
  for (let at = moveDay(from, 1); at <= to && count <= 10_000; at = moveDay(at, 1)) if (isBusinessDay(at)) count += 1;
  return count;
}

/** The day `days` calendar days later (or earlier). */
export function moveDay(day: string, days: number): string {
  return new Date(parseDay(day) + days * dayMs).toISOString().slice(0, 10);
}

function parseDay(day: string): number {
  const ms = /^\d{4}-\d\d-\d\d$/.test(day) ? Date.parse(`${day}T00:00:00Z`) : Number.NaN;
  if (Number.isNaN(ms) || new Date(ms).toISOString().slice(0, 10) !== day) throw new RangeError("a day is YYYY-MM-DD");
  return ms;
}
