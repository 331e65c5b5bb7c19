/** The day (YYYY-MM-DD) that an instant falls on in a time zone. */
export function localDay(at: Date, timeZone: string): string {
  return new Intl.DateTimeFormat("en-CA", { timeZone, year: "numeric", month: "2-digit", day: "2-digit" }).format(at);
}

/**
 * The last millisecond of a day in a time zone: terms in days end with their last day. Found by asking the zone, so that
 * a day of 23 or 25 hours ends where it ends.
 */
export function endOfDay(day: string, timeZone: string): Date {
  const noon = Date.parse(`${day}T12:00:00Z`);
  let [low, high] = [noon - 36 * 3_600_000, noon + 48 * 3_600_000];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (localDay(new Date(middle), timeZone) <= day) low = middle;
    else high = middle;
  }
  return new Date(low);
}
