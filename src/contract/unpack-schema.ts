import { child, fault, followReference, isObject, objectAt, type JsonObject, type Place } from "./json-document.ts";
import { isLgpdClass, isPublishableClass } from "./lgpd.ts";

/** Keywords that keep the fields of a value in plain sight. Anything else could hide a field from the projection. */
const plainKeywords = new Set([
  "type",
  "properties",
  "required",
  "items",
  "additionalProperties",
  "enum",
  "const",
  "default",
  "format",
  "pattern",
  "minLength",
  "maxLength",
  "minimum",
  "maximum",
  "exclusiveMinimum",
  "exclusiveMaximum",
  "multipleOf",
  "minItems",
  "maxItems",
  "uniqueItems",
  "minProperties",
  "maxProperties",
  "title",
  "description",
  "example",
  "examples",
  "deprecated",
  "readOnly",
  "writeOnly",
]);

const besideReference = new Set(["title", "description", "summary"]);
const maxDepth = 32;

/** The work of one document: its root for references, and how many schema nodes may still be written out. */
export type SchemaBudget = {
  root: unknown;
  nodesLeft: number;
  /** Told of a field without a class, when it is not to end the reading; without it, it does. */
  unclassified?: (place: Place) => void;
};

/**
 * A schema with every `$ref` written out and every field classified: each leaf (a value that is neither object nor
 * list) carries `x-lgpd`; extension keywords are kept. Objects are closed (`additionalProperties: false`), because a
 * field that is not described has no class. Faults are thrown as `invalid-field` with their JSON pointer.
 */
export function unpackSchema(budget: SchemaBudget, place: Place, depth = 0): JsonObject {
  const { node, at } = resolve(budget, place);
  budget.nodesLeft -= 1;
  if (budget.nodesLeft < 0 || depth > maxDepth) fault(place, "the schema is too large or refers to itself");
  const hiding = Object.keys(node).find((key) => !plainKeywords.has(key) && !key.startsWith("x-"));
  if (hiding !== undefined) fault(child(at, hiding), "this keyword can hide fields; write the fields out");
  const kind = kindOf(node, at);
  if (kind === "object") return unpackObject(budget, { value: node, pointer: at.pointer }, depth);
  if (kind === "array") return { ...node, items: unpackSchema(budget, child(at, "items"), depth + 1) };
  return checkLeaf(budget, node, at);
}

/** Follows references; text and `x-` keywords beside one override the target's. */
function resolve(budget: SchemaBudget, place: Place, hops = 0): { node: JsonObject; at: Place } {
  const node = objectAt(place, "a schema");
  const { $ref: reference, ...beside } = node;
  if (reference === undefined) return { node, at: place };
  if (hops > maxDepth) fault(place, "the schema refers to itself");
  const bad = Object.keys(beside).find((key) => !besideReference.has(key) && !key.startsWith("x-"));
  if (bad !== undefined) fault(child(place, bad), "beside $ref only descriptions and x- keywords are allowed");
  const target = resolve(budget, followReference(budget.root, child(place, "$ref"), reference), hops + 1);
  return { node: { ...target.node, ...beside }, at: target.at };
}

const scalarTypes = new Set(["string", "integer", "number", "boolean", "null"]);

function kindOf(node: JsonObject, at: Place): "object" | "array" | "leaf" {
  const names: unknown[] = Array.isArray(node["type"]) ? node["type"] : [node["type"]];
  const kinds = names.filter((name) => name !== "null");
  if (kinds.length === 1 && (kinds[0] === "object" || kinds[0] === "array")) return kinds[0];
  if (names.length > 0 && names.every((name) => typeof name === "string" && scalarTypes.has(name))) return "leaf";
  return fault(child(at, "type"), "the type must be stated: scalar types, or one of object and array (with null or not)");
}

function unpackObject(budget: SchemaBudget, at: Place, depth: number): JsonObject {
  const node = objectAt(at, "a schema");
  const open = node["additionalProperties"];
  if (open !== undefined && open !== false) fault(child(at, "additionalProperties"), "fields that are not described have no class");
  const place = child(at, "properties");
  const fields = Object.keys(objectAt(place, "the properties of an object"));
  const properties = fields.map((name) => [name, unpackSchema(budget, child(place, name), depth + 1)] as const);
  checkRequired(node, at, fields);
  return { ...node, additionalProperties: false, properties: Object.fromEntries(properties) };
}

function checkRequired(node: JsonObject, at: Place, fields: readonly string[]): void {
  const required = node["required"] ?? [];
  const known = Array.isArray(required) && required.every((name) => typeof name === "string" && fields.includes(name));
  if (!known) fault(child(at, "required"), "a required field must be described");
}

function checkLeaf(budget: SchemaBudget, node: JsonObject, at: Place): JsonObject {
  const lgpdClass = node["x-lgpd"];
  if (lgpdClass === undefined) {
    if (budget.unclassified === undefined) fault(at, "every field needs an x-lgpd class");
    budget.unclassified(at);
    return node;
  }
  if (!isLgpdClass(lgpdClass)) fault(child(at, "x-lgpd"), "this is not an x-lgpd class");
  const subject = node["x-lgpd-subject"];
  if (subject !== undefined && typeof subject !== "boolean") fault(child(at, "x-lgpd-subject"), "this must be true or false");
  if (subject === true && isPublishableClass(lgpdClass)) fault(child(at, "x-lgpd-subject"), "a field of this class names nobody");
  return node;
}

/** A field of an unpacked schema: its JSON pointer in the value (`*` for list items) and its schema. */
export type SchemaField = { pointer: string; schema: JsonObject };

/** Every leaf of an unpacked schema, in document order. */
export function schemaFields(schema: unknown, pointer = ""): SchemaField[] {
  if (!isObject(schema)) return [];
  if (isObject(schema["items"])) return schemaFields(schema["items"], `${pointer}/*`);
  if (!isObject(schema["properties"])) return [{ pointer, schema }];
  return Object.entries(schema["properties"]).flatMap(([name, field]) =>
    schemaFields(field, `${pointer}/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`),
  );
}

/** Whether a list stands anywhere in an unpacked schema. */
export function holdsList(schema: unknown): boolean {
  if (!isObject(schema)) return false;
  if (schema["items"] !== undefined) return true;
  return isObject(schema["properties"]) && Object.values(schema["properties"]).some(holdsList);
}
