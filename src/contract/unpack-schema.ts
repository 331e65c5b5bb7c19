import { child, fault, followReference, isObject, objectAt, type JsonObject, type Place } from "./json-document.ts";
import { isLgpdClass, isPublishableClass } from "./lgpd.ts";
import { patternFault } from "./pattern-cost.ts";

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
export const maxSchemaNodes = 20_000;

/** The work of one document: its root for references, and how many schema nodes may still be written out. */
export type SchemaBudget = {
  root: unknown;
  nodesLeft: number;
  /** Told of a field without a class, when it is not to end the reading; without it, it does. */
  unclassified?: (place: Place) => void;
};

/** What partners send: at most so many bytes, and of the value at hand so many in one request. */
export type Sent = { bytes: number; times: number };
type Walk = { depth: number; sent: Sent | undefined };

/**
 * A schema with every `$ref` written out and every field classified: each leaf (a value that is neither object nor
 * list) carries `x-lgpd`; extension keywords are kept. Objects are closed (`additionalProperties: false`), because a
 * field that is not described has no class. `sent`: the values are what partners send, so that patterns must be cheap.
 * Faults are thrown as `invalid-field` with their JSON pointer.
 */
export function unpackSchema(budget: SchemaBudget, place: Place, sent?: Sent): JsonObject {
  return unpackNode(budget, place, { depth: 0, sent });
}

function unpackNode(budget: SchemaBudget, place: Place, walk: Walk): JsonObject {
  const { node, at } = resolve(budget, place);
  budget.nodesLeft -= 1;
  if (budget.nodesLeft < 0)
    fault(place, `with its references written out a document has at most ${maxSchemaNodes} fields, objects and lists`);
  if (walk.depth > maxDepth) fault(place, `the schema refers to itself, or nests deeper than ${maxDepth} levels`);
  const hiding = Object.keys(node).find((key) => !plainKeywords.has(key) && !key.startsWith("x-"));
  if (hiding !== undefined) fault(child(at, hiding), "this keyword can hide fields; write the fields out");
  const kind = kindOf(node, at);
  if (kind === "object") return unpackObject(budget, { value: node, pointer: at.pointer }, walk);
  if (kind === "array") return { ...node, items: unpackNode(budget, child(at, "items"), itemsOf(node, walk)) };
  if (walk.sent !== undefined) checkPattern(node, at, walk.sent);
  return checkLeaf(budget, node, at);
}

function itemsOf(node: JsonObject, { depth, sent }: Walk): Walk {
  const most = node["maxItems"];
  const times = sent === undefined ? 1 : typeof most === "number" ? sent.times * most : Number.POSITIVE_INFINITY;
  return { depth: depth + 1, sent: sent && { ...sent, times } };
}

/** In a list the shortest item is `"",`: no more of them than fit into the bytes. */
function checkPattern(node: JsonObject, at: Place, sent: Sent): void {
  const { pattern, maxLength: stated } = node;
  if (pattern === undefined) return;
  const maxLength = typeof stated === "number" ? stated : undefined;
  if (typeof pattern !== "string") return fault(child(at, "pattern"), "a pattern is a text");
  const fits = Math.ceil(sent.bytes / 3);
  const detail = patternFault(pattern, { maxLength, times: Math.min(sent.times, fits) });
  if (detail !== undefined) fault(child(at, "pattern"), detail);
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

function unpackObject(budget: SchemaBudget, at: Place, walk: Walk): JsonObject {
  const node = objectAt(at, "a schema");
  const open = node["additionalProperties"];
  if (open !== undefined && open !== false) fault(child(at, "additionalProperties"), "fields that are not described have no class");
  const place = child(at, "properties");
  const fields = Object.keys(objectAt(place, "the properties of an object"));
  const properties = fields.map((name) => [name, unpackNode(budget, child(place, name), { ...walk, depth: walk.depth + 1 })] as const);
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
