import { AppError } from "../../contract/errors.ts";
import type { License } from "../../contract/license.ts";

/** Refuses (`invalid-field` at its place) an event type that the license does not grant, or that is named twice. */
export function checkTypes(types: readonly string[], license: Pick<License, "events">): void {
  const granted = new Set(license.events.map((event) => event.event_type));
  for (const [index, type] of types.entries()) {
    const pointer = `/body/event_types/${index}`;
    if (!granted.has(type)) throw new AppError("invalid-field", "the license does not grant this event type", { pointer });
    if (types.indexOf(type) !== index) throw new AppError("invalid-field", "this event type is named twice", { pointer });
  }
}
