import { AppError } from "../../contract/errors.ts";
import { isEventType } from "../../contract/event-types.ts";
import type { LicenseChange } from "../../contract/license-content.ts";
import { hasMaskedForm, isGrantable, isLgpdClass } from "../../contract/lgpd.ts";

/**
 * Refuses (`invalid-field`) grants that the LGPD rules do not know or do not allow: a class that is unknown, free or
 * closed to every license, `masked` of a class that has no masked form, an unknown event type, anything named twice.
 */
export function checkGrants(input: Pick<LicenseChange, "operations" | "events">): void {
  const operations = input.operations ?? [];
  for (const [index, operation] of operations.entries()) checkProjection(operation.projection, `/body/operations/${index}/projection`);
  checkOnce(
    operations.map((operation) => operation.operation_id),
    "/body/operations",
    "operation_id",
  );
  const events = input.events ?? [];
  checkOnce(
    events.map((event) => event.event_type),
    "/body/events",
    "event_type",
  );
  for (const [index, event] of events.entries()) {
    if (!isEventType(event.event_type)) refuse(`/body/events/${index}/event_type`, "this event type is not in the catalogue");
  }
}

function checkProjection(projection: Readonly<Record<string, string>>, at: string): void {
  for (const [name, show] of Object.entries(projection)) {
    const pointer = `${at}/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`;
    if (!isLgpdClass(name)) refuse(pointer, "this is not an x-lgpd class");
    if (!isGrantable(name)) refuse(pointer, "no license states this class: it is always shown, or never");
    if (show === "masked" && !hasMaskedForm(name)) refuse(pointer, "this class has no masked form: grant full or none");
  }
}

function checkOnce(names: readonly (string | undefined)[], at: string, field: string): void {
  const twice = names.findIndex((name, index) => name !== undefined && names.indexOf(name) !== index);
  if (twice >= 0) refuse(`${at}/${twice}/${field}`, "this is named twice");
}

function refuse(pointer: string, detail: string): never {
  throw new AppError("invalid-field", detail, { pointer });
}
