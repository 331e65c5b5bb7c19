/** Days as whole numbers since 1970-01-01 and months as YYYYMM: no zone, no clock, no Date in the arithmetic. */

const DAY_MS = 86_400_000;

export function dayOf(text: string): number {
  const ms = Date.parse(`${text}T00:00:00Z`);
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text) || Number.isNaN(ms)) {
    throw new RangeError("a day is written YYYY-MM-DD");
  }
  return ms / DAY_MS;
}

export function dayText(day: number): string {
  return new Date(day * DAY_MS).toISOString().slice(0, 10);
}

/** YYYYMM of a day. */
export function monthOfDay(day: number): number {
  const date = new Date(day * DAY_MS);
  return date.getUTCFullYear() * 100 + date.getUTCMonth() + 1;
}

export function addMonths(month: number, count: number): number {
  const total = Math.floor(month / 100) * 12 + (month % 100) - 1 + count;
  return Math.floor(total / 12) * 100 + (total % 12) + 1;
}

/** Months from one YYYYMM to another. */
export function monthsBetween(from: number, to: number): number {
  return (Math.floor(to / 100) - Math.floor(from / 100)) * 12 + (to % 100) - (from % 100);
}

/** The given day of a month; past its end, the last day. */
export function dayInMonth(month: number, dayNumber: number): number {
  const first = Date.UTC(Math.floor(month / 100), (month % 100) - 1, 1) / DAY_MS;
  const next = addMonths(month, 1);
  const end = Date.UTC(Math.floor(next / 100), (next % 100) - 1, 1) / DAY_MS - 1;
  return Math.min(first + dayNumber - 1, end);
}

/** 0 Monday ... 6 Sunday. */
export function weekday(day: number): number {
  return (day + 3) % 7;
}

/** The day itself, or Monday after a weekend: banks credit on business days only. */
export function businessDay(day: number): number {
  const excess = weekday(day) - 4;
  return excess > 0 ? day + 3 - excess : day;
}

export function addBusinessDays(day: number, count: number): number {
  let at = businessDay(day);
  for (let i = 0; i < count; i += 1) {
    at = businessDay(at + 1);
  }
  return at;
}

/** The last business day up to and including the given one. */
export function lastBusinessDay(day: number): number {
  const excess = weekday(day) - 4;
  return excess > 0 ? day - excess : day;
}

/** What GSAN writes into a column without zone: the wall clock of its server. */
export type LocalTime = { day: number; month: number; timestamp: string };

export function localTime(instant: Date, timeZone: string): LocalTime {
  const parts = new Intl.DateTimeFormat("sv-SE", {
    timeZone,
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    hourCycle: "h23",
  }).format(instant);
  const day = dayOf(parts.slice(0, 10));
  const millis = String(instant.getUTCMilliseconds()).padStart(3, "0");
  return { day, month: monthOfDay(day), timestamp: `${parts}.${millis}` };
}
