import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import { AppError } from "../../contract/errors.ts";
import { eventTypes, isEventType, type EventTypeName } from "../../contract/event-types.ts";

const ajv = new Ajv2020({ allErrors: false, strict: false, validateFormats: false });
const checks = new Map<EventTypeName, ValidateFunction>();

/**
 * Refuses (`invalid-field`, pointer of the fault) an event type that is not in the catalogue, and items that do not match
 * its schema.
 */
export function checkItems(type: string, items: readonly { value: unknown }[]): void {
  const at = `/body/${type.replaceAll("~", "~0").replaceAll("/", "~1")}`;
  if (!isEventType(type)) throw new AppError("invalid-field", "this event type is not in the catalogue", { pointer: at });
  const check = checkOf(type);
  for (const [index, item] of items.entries()) {
    if (check(item.value)) continue;
    const fault = check.errors?.[0];
    throw new AppError("invalid-field", `the item ${fault?.message ?? "does not match the type's schema"}`, {
      pointer: `${at}/${index}${fault?.instancePath ?? ""}`,
    });
  }
}

function checkOf(type: EventTypeName): ValidateFunction {
  const known = checks.get(type);
  if (known !== undefined) return known;
  const made = ajv.compile(eventTypes[type].schema);
  checks.set(type, made);
  return made;
}
