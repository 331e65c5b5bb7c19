import { AppError } from "../contract/errors.ts";

/** Place in a list of a table partitioned by day: the row's day and id. */
export type DayPlace = { day: string; id: string };

/** The cursor's text of a place. */
export function dayCursor(place: DayPlace): string {
  return `${place.day}~${place.id}`;
}

/** The place of a cursor that dayCursor made; anything else is refused (`invalid-field`). */
export function parseDayCursor(cursor: string): DayPlace {
  const match = /^(\d{4}-\d{2}-\d{2})~(.+)$/.exec(cursor);
  const [, day, id] = match ?? [];
  if (day === undefined || id === undefined || !isDay(day)) {
    throw new AppError("invalid-field", "this is not a cursor of this list", { pointer: "/query/cursor" });
  }
  return { day, id };
}

function isDay(text: string): boolean {
  const at = Date.parse(`${text}T00:00:00Z`);
  return Number.isFinite(at) && new Date(at).toISOString().startsWith(text) && !text.startsWith("0000");
}
