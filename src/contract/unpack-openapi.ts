import { checkDocument, checkName } from "./check-document.ts";
import { checkAsked, checkCount, checkPublishable, checkUnique } from "./check-operations.ts";
import { AppError } from "./errors.ts";
import { child, fault, followReference, objectAt, textAt, type JsonObject, type Place } from "./json-document.ts";
import { isLgpdClass, mayStandInUrl } from "./lgpd.ts";
import { checkPath, pathParameters } from "./path-template.ts";
import { maxSchemaNodes, schemaFields, unpackSchema, type SchemaBudget } from "./unpack-schema.ts";
import { unpackUpstream } from "./unpack-upstream.ts";
import { upgradeOpenapi } from "./upgrade-openapi.ts";

export type OperationMethod = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

export type OperationParameter = { name: string; in: "path" | "query"; required: boolean; description?: string; schema: JsonObject };

/** An operation as the table `operation` holds it; schemas stand alone (no references), each field with its class. */
export type UnpackedOperation = {
  operation_id: string;
  method: OperationMethod;
  path: string;
  summary: string;
  parameters: OperationParameter[];
  /** null = the operation takes no body. */
  request_schema: JsonObject | null;
  /** null = it answers without a body. Its root carries `x-answers` where the operation states it. */
  response_schema: JsonObject | null;
  publishable: boolean;
  timeout_ms: number;
  max_body_bytes: number;
  tags: string[];
  /** described = no adapter forwards it yet: no license may hold it. */
  state: "served" | "described";
  /** `x-upstream` of a described operation; null for a served one. */
  upstream: JsonObject | null;
};

/** Told of each fault; a reader that throws it stops there, one that returns goes on with the next operation. */
export type FaultNotice = (fault: AppError) => void;

const methods: Readonly<Record<string, OperationMethod>> = { get: "GET", post: "POST", put: "PUT", patch: "PATCH", delete: "DELETE" };
const besideMethods = new Set(["parameters", "summary", "description"]);
/** A path or query never has more: the gateway reads no longer head. */
const maxUrlBytes = 16_384;

/**
 * The operations of an OpenAPI 3.0 or 3.1 document. Pure; nothing is fetched. Refused with `invalid-field` and the JSON
 * pointer of the first fault: a field without an x-lgpd class, a person's data in a path or query, a reference out of
 * the document, a keyword that could hide fields, two operations that could answer the same request, anything but JSON
 * bodies and path or query parameters. Servers and security schemes are not read: URL and credential are registered apart.
 */
export function unpackOpenapi(document: unknown): UnpackedOperation[] {
  return readOpenapi(document, (found) => {
    throw found;
  });
}

/** Like unpackOpenapi, but tells `notice` of every fault; gives the operations that could be read. */
export function readOpenapi(document: unknown, notice: FaultNotice): UnpackedOperation[] {
  const opened = attempt(notice, () => openDocument(document));
  if (opened === undefined) return [];
  const { budget, paths } = opened;
  if (attempt(notice, () => checkCount(paths, Object.keys(methods))) === undefined) return [];
  budget.unclassified = (place) => attempt(notice, () => fault(place, "every field needs an x-lgpd class"));
  const operations = Object.keys(objectAt(paths, "paths")).flatMap(
    (path) => attempt(notice, () => unpackPath(budget, { place: child(paths, path), path }, notice)) ?? [],
  );
  if (operations.length === 0) attempt(notice, () => fault(paths, "the document describes no operation that can be used"));
  attempt(notice, () => checkUnique(paths, operations));
  return operations;
}

function openDocument(document: unknown): { budget: SchemaBudget; paths: Place } {
  objectAt({ value: document, pointer: "" }, "the document");
  checkDocument(document);
  const root = upgradeOpenapi(document);
  const paths = child({ value: root, pointer: "" }, "paths");
  objectAt(paths, "paths");
  return { budget: { root, nodesLeft: maxSchemaNodes }, paths };
}

function attempt<T>(notice: FaultNotice, work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    notice(error);
    return undefined;
  }
}

function unpackPath(budget: SchemaBudget, at: { place: Place; path: string }, notice: FaultNotice): UnpackedOperation[] {
  const { place, path } = at;
  const problem = checkPath(path);
  if (problem !== undefined) fault(place, problem);
  const keys = Object.keys(objectAt(place, "a path item")).filter((key) => !besideMethods.has(key) && !key.startsWith("x-"));
  const operations = keys.map((key) =>
    attempt(notice, () => {
      const method = Object.hasOwn(methods, key) ? methods[key] : undefined;
      if (method === undefined) return fault(child(place, key), "only get, post, put, patch and delete are allowed here");
      return unpackOperation(budget, { place: child(place, key), shared: child(place, "parameters"), method, path });
    }),
  );
  return operations.filter((operation) => operation !== undefined);
}

type Source = { place: Place; shared: Place; method: OperationMethod; path: string };

function unpackOperation(budget: SchemaBudget, source: Source): UnpackedOperation {
  const { place, method, path } = source;
  const idPlace = child(place, "operationId");
  const operationId = textAt(idPlace, "operationId");
  if (!/^[A-Za-z][A-Za-z0-9_.-]{0,99}$/.test(operationId)) fault(idPlace, "1 to 100 letters, digits, _ . or - are expected");
  const maxBodyBytes = integer(child(place, "x-max-body-bytes"), { low: 0, high: 1_048_576, byDefault: 65_536 });
  const operation: UnpackedOperation = {
    operation_id: operationId,
    method,
    path,
    summary: textAt(child(place, "summary"), "summary"),
    parameters: unpackParameters(budget, source),
    request_schema: unpackRequest(budget, source, maxBodyBytes),
    response_schema: unpackResponse(budget, place),
    publishable: flag(child(place, "x-publishable")),
    timeout_ms: integer(child(place, "x-timeout-ms"), { low: 1, high: 60_000, byDefault: 4_500 }),
    max_body_bytes: maxBodyBytes,
    tags: tagsAt(child(place, "tags")),
    state: "served",
    upstream: null,
  };
  checkAsked(place, operation);
  const upstream = unpackUpstream(child(place, "x-upstream"), operation);
  const state = upstream === null ? "served" : "described";
  const withAnswers: UnpackedOperation = { ...operation, upstream, state, response_schema: addAnswers(place, operation) };
  checkPublishable(child(place, "x-publishable"), withAnswers);
  return withAnswers;
}

function unpackParameters(budget: SchemaBudget, source: Source): OperationParameter[] {
  const own = listAt(child(source.place, "parameters")).map((place) => unpackParameter(budget, place));
  const shared = listAt(source.shared).map((place) => unpackParameter(budget, place));
  const key = (parameter: OperationParameter): string => `${parameter.in} ${parameter.name}`;
  const all = new Map([...shared, ...own].map((parameter) => [key(parameter), parameter]));
  if (new Set(own.map(key)).size !== own.length) fault(child(source.place, "parameters"), "a parameter is described twice");
  const described = [...all.values()].filter((parameter) => parameter.in === "path").map((parameter) => parameter.name);
  const named = pathParameters(source.path);
  if (described.length !== named.length || named.some((name) => !described.includes(name))) {
    fault(child(source.place, "parameters"), "the path parameters described are not those of the path");
  }
  return [...all.values()];
}

function unpackParameter(budget: SchemaBudget, given: Place): OperationParameter {
  const reference = child(given, "$ref");
  const place = reference.value === undefined ? given : followReference(budget.root, reference, reference.value);
  const at = child(place, "in");
  if (at.value !== "path" && at.value !== "query") return fault(at, "only path and query parameters are passed on");
  const required = flag(child(place, "required"));
  if (at.value === "path" && !required) fault(child(place, "required"), "a path parameter is always required");
  const schema = unpackSchema(budget, parameterSchema(place), { bytes: maxUrlBytes, times: 1 });
  if (schema["items"] !== undefined || schema["properties"] !== undefined) fault(child(place, "schema"), "a parameter is one scalar value");
  const { value: description } = child(place, "description");
  const name = textAt(child(place, "name"), "name");
  checkName(child(place, "name"), name);
  if (isLgpdClass(schema["x-lgpd"]) && !mayStandInUrl(schema["x-lgpd"]))
    fault(given, "data of a person may not stand in a path or query: ask for it in the body of a POST");
  return { name, in: at.value, required, ...(typeof description === "string" ? { description } : {}), schema };
}

/** The class may stand on the parameter instead of on its schema. */
function parameterSchema(place: Place): Place {
  const schema = child(place, "schema");
  const marks = Object.entries(objectAt(place, "a parameter")).filter(([key]) => key.startsWith("x-lgpd"));
  return { value: { ...objectAt(schema, "the schema of a parameter"), ...Object.fromEntries(marks) }, pointer: schema.pointer };
}

function unpackRequest(budget: SchemaBudget, source: Source, bytes: number): JsonObject | null {
  const body = child(source.place, "requestBody");
  if (body.value === undefined) return null;
  if (source.method === "GET" || source.method === "DELETE") fault(body, "this method takes no body");
  return unpackSchema(budget, jsonSchemaOf(body), { bytes, times: 1 });
}

function unpackResponse(budget: SchemaBudget, place: Place): JsonObject | null {
  const responses = child(place, "responses");
  const good = Object.keys(objectAt(responses, "the responses")).filter((status) => /^2\d\d$/.test(status));
  const status = good[0];
  if (status === undefined || good.length > 1) return fault(responses, "exactly one success status is expected");
  if (status === "204") return null;
  return unpackSchema(budget, jsonSchemaOf(child(responses, status)));
}

function jsonSchemaOf(place: Place): Place {
  const content = child(place, "content");
  const kinds = Object.keys(objectAt(content, "the content"));
  if (kinds.length !== 1 || kinds[0] !== "application/json") fault(content, "only application/json is passed on");
  return child(child(content, "application/json"), "schema");
}

/**
 * `x-answers` says where the answer repeats what was asked: `{"parameter": "ref", "field": "/matricula"}` or, for a
 * member of the request body (checked when it was sent), `{"body": "/matricula", "field": "/matricula"}`.
 */
function addAnswers(place: Place, operation: UnpackedOperation): JsonObject | null {
  const answers = child(place, "x-answers");
  if (answers.value === undefined) return operation.response_schema;
  const rule = objectAt(answers, "x-answers");
  const { parameter, body } = { parameter: rule["parameter"], body: rule["body"] };
  const asked =
    body === undefined
      ? operation.parameters.some((known) => known.name === parameter)
      : schemaFields(operation.request_schema).some((field) => field.pointer === body);
  if (!asked) fault(answers, "x-answers names no parameter and no field of the request");
  const answered = schemaFields(operation.response_schema).some((field) => field.pointer === rule["field"]);
  if (!answered) fault(child(answers, "field"), "x-answers names no field of the answer");
  return { ...operation.response_schema, "x-answers": rule };
}

function tagsAt(place: Place): string[] {
  const tags = listAt(place).map((tag) => textAt(tag, "a tag"));
  if (tags.length > 50 || tags.some((tag) => tag.length > 100)) fault(place, "at most 50 tags of 100 characters are expected");
  return [...new Set(tags)].sort();
}

function listAt(place: Place): Place[] {
  if (place.value === undefined) return [];
  if (!Array.isArray(place.value)) return fault(place, "a list is expected");
  return place.value.map((value: unknown, index) => ({ value, pointer: `${place.pointer}/${index}` }));
}

function flag(place: Place): boolean {
  if (place.value === undefined) return false;
  return typeof place.value === "boolean" ? place.value : fault(place, "true or false is expected");
}

function integer(place: Place, range: { low: number; high: number; byDefault: number }): number {
  const value = place.value === undefined ? range.byDefault : place.value;
  const good = typeof value === "number" && Number.isInteger(value) && value >= range.low && value <= range.high;
  return good ? value : fault(place, `a whole number from ${range.low} to ${range.high} is expected`);
}
