import { AppError } from "../contract/errors.ts";

const earliest = Date.UTC(2000, 0, 1);
const latest = Date.UTC(2200, 0, 1);

/** The instant of an RFC 3339 text. Refuses (`invalid-field` at `pointer`) what is none, or lies outside 2000 to 2199. */
export function parseInstant(text: string, pointer: string): Date {
  const at = new Date(text);
  if (!(at.getTime() >= earliest && at.getTime() < latest)) {
    throw new AppError("invalid-field", "an instant between 2000 and 2199 is expected", { pointer });
  }
  return at;
}

/** Like parseInstant; also refuses what has passed. */
export function parseFutureInstant(text: string, now: Date, pointer: string): Date {
  const at = parseInstant(text, pointer);
  if (at <= now) throw new AppError("invalid-field", "an instant in the future is expected", { pointer });
  return at;
}

/** RFC 3339 text of a column that may be null. */
export function isoOrNull(at: Date | null): string | null {
  return at === null ? null : at.toISOString();
}
