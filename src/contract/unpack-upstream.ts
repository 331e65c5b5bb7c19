import { child, fault, isObject, objectAt, textAt, type JsonObject, type Place } from "./json-document.ts";
import type { OperationParameter } from "./unpack-openapi.ts";
import { schemaFields } from "./unpack-schema.ts";

const methods = new Set(["GET", "POST", "PUT", "PATCH", "DELETE"]);
const known = new Set(["method", "path", "auth", "query", "body", "answer", "note"]);

type Asked = { parameters: readonly OperationParameter[]; request_schema: JsonObject | null };

/**
 * `x-upstream`: how an adapter is to call the system behind an operation that cannot be passed on as it is, for instance
 * one that writes by GET. `query` and `body` map upstream names to what of our request goes there: `{"parameter": name}`,
 * `{"field": JSON pointer in the body}` or `{"value": constant}`; `answer` is the JSON pointer of the part of the
 * upstream's answer that is ours. Such an operation is described, not served. Null when the mark is absent.
 */
export function unpackUpstream(place: Place, asked: Asked): JsonObject | null {
  if (place.value === undefined) return null;
  const mark = objectAt(place, "x-upstream");
  const strange = Object.keys(mark).find((name) => !known.has(name));
  if (strange !== undefined) fault(child(place, strange), "this member of x-upstream is not known");
  if (!methods.has(textAt(child(place, "method"), "method"))) fault(child(place, "method"), "a method is expected");
  if (!textAt(child(place, "path"), "path").startsWith("/")) fault(child(place, "path"), "a path begins with /");
  for (const part of ["query", "body"]) checkMapping(child(place, part), asked);
  const answer = child(place, "answer");
  if (answer.value !== undefined && !(typeof answer.value === "string" && /^(\/[^/]+)*$/.test(answer.value)))
    fault(answer, "a JSON pointer is expected");
  return mark;
}

function checkMapping(place: Place, asked: Asked): void {
  if (place.value === undefined) return;
  for (const name of Object.keys(objectAt(place, "a mapping"))) checkSource(child(place, name), asked);
}

function checkSource(place: Place, asked: Asked): void {
  const source = isObject(place.value) ? place.value : {};
  const [kind, ...more] = Object.keys(source);
  if (kind === undefined || more.length > 0) fault(place, "one of parameter, field and value is expected");
  if (kind === "value") return;
  const names = kind === "parameter" ? asked.parameters.map((one) => one.name) : requestPointers(asked.request_schema);
  if ((kind !== "parameter" && kind !== "field") || !names.some((name) => name === source[kind]))
    fault(place, "this names no parameter and no field of the request");
}

/** Pointers of the request's fields and of the lists and objects above them. */
function requestPointers(schema: JsonObject | null): string[] {
  const pointers = schemaFields(schema).flatMap(({ pointer }) => {
    const steps = pointer.split("/").slice(1);
    return steps.map((_, index) => `/${steps.slice(0, index + 1).join("/")}`);
  });
  return [...new Set(pointers)];
}
