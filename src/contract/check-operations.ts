import { child, fault, isObject, objectAt, type Place } from "./json-document.ts";
import { isLgpdClass, isPublishableClass } from "./lgpd.ts";
import { createPathIndex, type PathIndex } from "./path-index.ts";
import type { UnpackedOperation } from "./unpack-openapi.ts";
import { holdsList, schemaFields } from "./unpack-schema.ts";

const maxOperations = 2_000;
/** Of one operation, in parameters and body: compiling a check of more takes the gateway too long. */
const maxAskedFields = 1_000;

/** How many operations a document describes; refused when they are more than one document may hold. */
export function checkCount(paths: Place, methods: readonly string[]): number {
  const items = Object.values(objectAt(paths, "paths")).filter(isObject);
  const count = items.reduce((sum, item) => sum + Object.keys(item).filter((key) => methods.includes(key)).length, 0);
  return count <= maxOperations ? count : fault(paths, `a document describes at most ${maxOperations} operations; this one ${count}`);
}

/** Refuses an operation that is asked with more than the gateway could check. */
export function checkAsked(place: Place, { parameters, request_schema }: UnpackedOperation): void {
  const count = parameters.length + (request_schema === null ? 0 : schemaFields(request_schema).length);
  if (count > maxAskedFields) fault(place, `an operation is asked with at most ${maxAskedFields} parameters and fields; this one ${count}`);
}

/** A publishable operation is read only, gives no list and meets only fields that say nothing of a person. */
export function checkPublishable(mark: Place, operation: UnpackedOperation): void {
  if (!operation.publishable) return;
  const schemas = [operation.response_schema, ...operation.parameters.map((parameter) => parameter.schema)];
  const classes = schemas.flatMap((schema) => schemaFields(schema)).map((field) => field.schema["x-lgpd"]);
  const open = classes.every((name) => isLgpdClass(name) && isPublishableClass(name));
  if (operation.method !== "GET" || !open) fault(mark, "only a GET with classes none and technical alone can be publishable");
  if (holdsList(operation.response_schema)) fault(mark, "an operation that answers a list cannot be publishable");
}

/** Refuses two operations with one id, or that could answer the same request. */
export function checkUnique(paths: Place, operations: readonly UnpackedOperation[]): void {
  const ids = new Set<string>();
  const indexes = new Map<string, PathIndex>();
  for (const { operation_id: id, method, path } of operations) {
    const place = child(child(paths, path), method.toLowerCase());
    if (ids.has(id)) fault(child(place, "operationId"), "this operationId is used twice");
    const index = indexes.get(method) ?? createPathIndex();
    if (index.clashing(path) !== undefined) fault(child(paths, path), "another path answers the same requests");
    index.add(path);
    indexes.set(method, index);
    ids.add(id);
  }
}
