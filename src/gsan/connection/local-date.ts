/**
 * The calendar date of an instant in a utility's zone, `YYYY-MM-DD`. GSAN dates have no zone: "today" is the
 * utility's day, whatever zone the process or the database server runs in.
 */
export function localDate(instant: Date, timeZone: string): string {
  const parts = new Intl.DateTimeFormat("en-CA", { timeZone, year: "numeric", month: "2-digit", day: "2-digit" });
  return parts.format(instant);
}

const dayMs = 86_400_000;

/** Whole days from one `YYYY-MM-DD` to another; negative when `to` is earlier. */
export function daysBetween(from: string, to: string): number {
  return Math.round((Date.parse(`${to}T00:00:00Z`) - Date.parse(`${from}T00:00:00Z`)) / dayMs);
}
