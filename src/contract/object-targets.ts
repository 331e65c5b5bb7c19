import { isObject, type JsonObject } from "./json-document.ts";
import { isLgpdClass, isPublishableClass } from "./lgpd.ts";
import { schemaFields } from "./unpack-schema.ts";

/** What an operation's request and answer say of the objects it reaches. */
export type ObjectTargets = {
  /** Parameters (path or query) that name a property. */
  parameters: string[];
  /** Pointers in the request body that name one. */
  body: string[];
  /** Pointers in the answer (`*` = each list item) that name one. */
  answered: string[];
  /** Pointers in the answer that say where the property lies (`x-object`). */
  places: { pointer: string; kind: PlaceKind }[];
  /** Those of `answered` and `places` whose values may be text; of the others only numbers count. */
  texts: string[];
  /** It neither takes nor shows anything of a person or an object. */
  free: boolean;
};

export type PlaceKind = "locality" | "municipality";

/** Names under which an indirect field is a property's number, where the schema has no `x-ref`. */
export const propertyNames: ReadonlySet<string> = new Set(["ref", "matricula", "imovel", "id_imovel", "idimovel", "imov_id"]);

export type TargetSource = { method: string; parameters: unknown; request_schema: unknown; response_schema: unknown };

/** Reads where an operation (as its row holds it) names properties and places. */
export function objectTargets(source: TargetSource): ObjectTargets {
  const parameters = parametersOf(source.parameters);
  const asked = schemaFields(source.request_schema);
  const answered = schemaFields(source.response_schema);
  const schemas = [...parameters, ...asked, ...answered].map((field) => field.schema);
  return {
    parameters: parameters.filter(namesProperty).map((parameter) => parameter.pointer.slice(1)),
    body: asked.filter(namesProperty).map((field) => field.pointer),
    answered: answered.filter(namesProperty).map((field) => field.pointer),
    places: answered.flatMap(({ pointer, schema }) => (isPlaceKind(schema["x-object"]) ? [{ pointer, kind: schema["x-object"] }] : [])),
    texts: answered
      .filter(({ schema }) => mayBeText(schema) && (isPlaceKind(schema["x-object"]) || schema["x-lgpd"] === "indirect"))
      .map((field) => field.pointer),
    free: schemas.every((schema) => isFree(schema)),
  };
}

/** Whether a call that changes nothing: only there may the answer decide whether the object was in reach. */
export function onlyReads(method: string): boolean {
  return method === "GET";
}

/** Why the operation cannot be held within a scope that states numbers, places or both; undefined when it can. */
export function scopeFault(source: TargetSource, scope: { numbers: boolean; places: boolean }): string | undefined {
  const targets = objectTargets(source);
  if (targets.free) return undefined;
  if (targets.body.some((pointer) => pointer.includes("*"))) return "its request names a list of properties";
  const named = targets.parameters.length + targets.body.length > 0;
  if (scope.numbers && !named && !(onlyReads(source.method) && targets.answered.length > 0))
    return onlyReads(source.method) ? "neither its request nor its answer names the property" : "its request does not name the property";
  if (!scope.places) return undefined;
  if (!onlyReads(source.method)) return "only after its answer is the place known, and it does not only read";
  return targets.places.length === 0 ? "its answer does not say where the property lies (x-object)" : undefined;
}

type Field = { pointer: string; schema: JsonObject };

function parametersOf(list: unknown): Field[] {
  if (!Array.isArray(list)) return [];
  return list
    .filter(isObject)
    .flatMap(({ name, schema }) => (typeof name === "string" && isObject(schema) ? [{ pointer: `/${name}`, schema }] : []));
}

function namesProperty({ pointer, schema }: Field): boolean {
  if (schema["x-lgpd"] !== "indirect") return false;
  const kind = schema["x-ref"];
  const name = pointer.split("/").findLast((step) => step !== "*") ?? "";
  return typeof kind === "string" ? kind === "imovel" : propertyNames.has(name.toLowerCase());
}

function mayBeText(schema: JsonObject): boolean {
  const { type } = schema;
  return type === "string" || (Array.isArray(type) && type.includes("string"));
}

function isPlaceKind(value: unknown): value is PlaceKind {
  return value === "locality" || value === "municipality";
}

function isFree(schema: JsonObject): boolean {
  const name = schema["x-lgpd"];
  return isLgpdClass(name) && isPublishableClass(name);
}
