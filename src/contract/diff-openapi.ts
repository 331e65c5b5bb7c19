import { isObject, sameText, type JsonObject } from "./json-document.ts";
import type { UnpackedOperation } from "./unpack-openapi.ts";

/** `breaking`: a caller, or a license, of before may be served otherwise than before. */
export type OperationChange = { pointer: string; detail: string; breaking: boolean };

export type OpenapiDiff = {
  added: string[];
  removed: string[];
  changed: { operation_id: string; changes: OperationChange[] }[];
  breaking: boolean;
};

/** What a document changes against the one before it, for those who call. Pure. Nothing changes = all lists empty. */
export function diffOperations(before: readonly UnpackedOperation[], after: readonly UnpackedOperation[]): OpenapiDiff {
  const known = new Map(before.map((operation) => [operation.operation_id, operation]));
  const kept = new Set(after.map((operation) => operation.operation_id));
  const added = after.map((operation) => operation.operation_id).filter((id) => !known.has(id));
  const removed = before.map((operation) => operation.operation_id).filter((id) => !kept.has(id));
  const changed = after.flatMap((operation) => {
    const old = known.get(operation.operation_id);
    const changes = old === undefined ? [] : changesOf(old, operation);
    return changes.length === 0 ? [] : [{ operation_id: operation.operation_id, changes }];
  });
  const breaking = removed.length > 0 || changed.some(({ changes }) => changes.some((change) => change.breaking));
  return { added: added.sort(), removed: removed.sort(), changed, breaking };
}

function changesOf(old: UnpackedOperation, now: UnpackedOperation): OperationChange[] {
  return [
    ...differ("/method", old.method, now.method, true),
    ...differ("/path", old.path, now.path, true),
    ...differ("/summary", old.summary, now.summary, false),
    ...differ("/tags", old.tags.join(" "), now.tags.join(" "), false),
    ...differ("/x-publishable", old.publishable, now.publishable, old.publishable),
    ...differ("/x-timeout-ms", old.timeout_ms, now.timeout_ms, false),
    ...differ("/x-max-body-bytes", old.max_body_bytes, now.max_body_bytes, now.max_body_bytes < old.max_body_bytes),
    ...differ("/x-upstream", sameText(old.upstream), sameText(now.upstream), now.state !== old.state),
    ...differ("/x-answers", answersOf(old), answersOf(now), false),
    ...compare({ pointer: "/parameters", asked: true }, parameterSchema(old), parameterSchema(now)),
    ...compare({ pointer: "/requestBody", asked: true }, old.request_schema, now.request_schema),
    ...compare({ pointer: "/response", asked: false }, old.response_schema, now.response_schema),
  ];
}

function differ(pointer: string, old: unknown, now: unknown, breaking: boolean): OperationChange[] {
  return old === now ? [] : [{ pointer, detail: `${shortText(old)} became ${shortText(now)}`, breaking }];
}

function shortText(value: unknown): string {
  const text = typeof value === "string" ? value : (JSON.stringify(value) ?? "nothing");
  if (text === "" || text === "null") return "nothing";
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}

function answersOf(operation: UnpackedOperation): string | undefined {
  return sameText(operation.response_schema?.["x-answers"]);
}

/** Parameters as the fields of one object, so that they are compared like a body. */
function parameterSchema({ parameters }: UnpackedOperation): JsonObject {
  const named = parameters.map((one) => ({ ...one, key: `${one.in} ${one.name}` }));
  return {
    type: "object",
    properties: Object.fromEntries(named.map(({ key, schema }) => [key, schema])),
    required: named.filter(({ required }) => required).map(({ key }) => key),
  };
}

/** `asked`: callers send it (what is stricter breaks); else they receive it (what is looser breaks). */
type Side = { pointer: string; asked: boolean };

function compare(side: Side, old: unknown, now: unknown): OperationChange[] {
  if (!isObject(old) && !isObject(now)) return [];
  if (!isObject(old)) return [{ pointer: side.pointer, detail: "is new", breaking: true }];
  if (!isObject(now)) return [{ pointer: side.pointer, detail: "is gone", breaking: true }];
  return [
    ...compareTypes(side, old, now),
    ...compareEnum(side, old, now),
    ...differ(`${side.pointer}/x-lgpd`, old["x-lgpd"], now["x-lgpd"], true),
    ...differ(`${side.pointer}/x-lgpd-subject`, old["x-lgpd-subject"], now["x-lgpd-subject"], false),
    ...compareBounds(side, old, now),
    ...(isObject(old["items"]) && isObject(now["items"])
      ? compare({ ...side, pointer: `${side.pointer}/items` }, old["items"], now["items"])
      : []),
    ...compareFields(side, old, now),
  ];
}

function compareTypes(side: Side, old: JsonObject, now: JsonObject): OperationChange[] {
  const [was, is] = [typesOf(old), typesOf(now)];
  const detail = `the type ${[...was].join("|")} became ${[...is].join("|")}`;
  if (was.size === is.size && within(was, is)) return [];
  return [{ pointer: `${side.pointer}/type`, detail, breaking: side.asked ? !within(was, is) : !within(is, was) }];
}

function typesOf(schema: JsonObject): Set<string> {
  const type = schema["type"];
  const names: unknown[] = Array.isArray(type) ? type : [type];
  return new Set(names.filter((name) => typeof name === "string"));
}

/** Every type of `narrow` is one of `wide`; an integer is a number. */
function within(narrow: ReadonlySet<string>, wide: ReadonlySet<string>): boolean {
  return [...narrow].every((name) => wide.has(name) || (name === "integer" && wide.has("number")));
}

function compareEnum(side: Side, old: JsonObject, now: JsonObject): OperationChange[] {
  const [was, is] = [valuesOf(old), valuesOf(now)];
  const grew = !coversAll(was, is);
  const shrank = !coversAll(is, was);
  if (!grew && !shrank) return [];
  return [{ pointer: `${side.pointer}/enum`, detail: "the values allowed changed", breaking: side.asked ? shrank : grew }];
}

/** Undefined = every value. */
function valuesOf(schema: JsonObject): Set<string> | undefined {
  const values = schema["enum"];
  return Array.isArray(values) ? new Set(values.map((value) => sameText(value) ?? "")) : undefined;
}

function coversAll(wide: Set<string> | undefined, narrow: Set<string> | undefined): boolean {
  if (wide === undefined) return true;
  return narrow !== undefined && [...narrow].every((value) => wide.has(value));
}

const bounds = [
  "format",
  "pattern",
  "const",
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
];

/** Whether a pattern became stricter cannot be told: any change of what callers send counts as breaking. */
function compareBounds(side: Side, old: JsonObject, now: JsonObject): OperationChange[] {
  return bounds.flatMap((name) => {
    const [was, is] = [sameText(old[name]), sameText(now[name])];
    return differ(`${side.pointer}/${name}`, was, is, side.asked && is !== undefined);
  });
}

function compareFields(side: Side, old: JsonObject, now: JsonObject): OperationChange[] {
  const [was, is] = [fieldsOf(old), fieldsOf(now)];
  return [...new Set([...was.keys(), ...is.keys()])].flatMap((name) => {
    const pointer = `${side.pointer}/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`;
    const [before, after] = [was.get(name), is.get(name)];
    if (before === undefined) return [{ pointer, detail: "is new", breaking: side.asked && after?.required === true }];
    if (after === undefined) return [{ pointer, detail: "is gone", breaking: true }];
    const required = before.required === after.required ? [] : [requiredChange(pointer, after.required, side)];
    return [...required, ...compare({ ...side, pointer }, before.schema, after.schema)];
  });
}

function requiredChange(pointer: string, isRequired: boolean, side: Side): OperationChange {
  return { pointer, detail: isRequired ? "became required" : "became optional", breaking: isRequired === side.asked };
}

function fieldsOf(schema: JsonObject): Map<string, { schema: unknown; required: boolean }> {
  const { properties } = schema;
  const required = schema["required"];
  const needed = new Set<unknown>(Array.isArray(required) ? required : []);
  if (!isObject(properties)) return new Map();
  return new Map(Object.entries(properties).map(([name, field]) => [name, { schema: field, required: needed.has(name) }]));
}
