import { AppError } from "./errors.ts";

/** A JSON object whose members are not known yet. */
export type JsonObject = Readonly<Record<string, unknown>>;

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** JSON text that is the same for the same value, whatever the order of its members (a store keeps none). */
export function sameText(value: unknown): string | undefined {
  return JSON.stringify(value, (_name, member: unknown) => (isObject(member) ? sortedMembers(member) : member));
}

function sortedMembers(value: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

/** A place in a document: its value and its JSON pointer (RFC 6901), so that a fault can be named. */
export type Place = { value: unknown; pointer: string };

export function child(place: Place, name: string): Place {
  const value = isObject(place.value) && Object.hasOwn(place.value, name) ? place.value[name] : undefined;
  return { value, pointer: `${place.pointer}/${name.replaceAll("~", "~0").replaceAll("/", "~1")}` };
}

/** Refuses the document: `invalid-field` with the pointer of the fault. */
export function fault(place: Place, detail: string): never {
  throw new AppError("invalid-field", detail, { pointer: place.pointer });
}

export function objectAt(place: Place, what: string): JsonObject {
  return isObject(place.value) ? place.value : fault(place, `${what} must be an object`);
}

export function textAt(place: Place, what: string): string {
  const { value } = place;
  return typeof value === "string" && value !== "" ? value : fault(place, `${what} must be a text`);
}

/** Follows a local reference (`#/components/...`); any other reference is refused, nothing is ever fetched. */
export function followReference(root: unknown, from: Place, reference: unknown): Place {
  if (typeof reference !== "string" || !reference.startsWith("#/")) fault(from, "only references within the document are allowed");
  let place: Place = { value: root, pointer: "" };
  for (const step of reference.slice(2).split("/")) place = child(place, step.replaceAll("~1", "/").replaceAll("~0", "~"));
  if (place.value === undefined) fault(from, "the reference leads nowhere");
  return place;
}
