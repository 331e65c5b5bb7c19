import { type ErrorCode, errorTable } from "./errors.ts";
import type { Route } from "./route.ts";

export type Json = null | boolean | number | string | Json[] | { [name: string]: Json };
export type JsonObject = { [name: string]: Json };

/** Whose schemas have a name; a schema that has one is referred to by it. */
export type SchemaText = (schema: object) => Json;

/** The responses of a route by status: its success, and one problem document per status that its codes have. */
export function responsesOf(route: Route, schemaOf: SchemaText): JsonObject {
  const success = { description: route.summary, ...headersOf(route), content: contentOf(route, schemaOf) };
  const statuses = isPolicyChange(route) ? [route.status, 202] : [route.status];
  return {
    ...Object.fromEntries(statuses.map((status) => [String(status), success])),
    ...problemsOf(route),
  };
}

function contentOf(route: Route, schemaOf: SchemaText): JsonObject {
  const content: JsonObject = { [mediaType(route)]: { schema: replySchema(route, schemaOf) } };
  return route.csv === undefined ? content : { ...content, "text/csv": { schema: { type: "string" } } };
}

function mediaType(route: Route): string {
  return route.stream === true ? "application/x-ndjson" : "application/json";
}

/** A repetition of a call that showed a secret once has `secret_shown: false` in its place. */
function replySchema(route: Route, schemaOf: SchemaText): Json {
  const shown = schemaOf(route.reply);
  if (route.creates === undefined || route.creates === true) return shown;
  const { required, properties } = partsOf(route.reply);
  const hidden = new Set(route.creates.shownOnce);
  const kept = Object.fromEntries(Object.entries(properties).filter(([name]) => !hidden.has(name)));
  const replayed = {
    type: "object",
    required: [...required.filter((name) => !hidden.has(name)), "secret_shown"],
    properties: { ...kept, secret_shown: { const: false } },
  };
  return { anyOf: [shown, replayed] };
}

function partsOf(schema: object): { required: string[]; properties: JsonObject } {
  const plain: unknown = JSON.parse(JSON.stringify(schema));
  return { required: [], properties: {}, ...Object(plain) };
}

/** Changes of the policy answer 202 while some node has not confirmed them (see PolicyInForce). */
function isPolicyChange(route: Route): boolean {
  return route.status === 200 && JSON.stringify(partsOf(route.reply).properties["state"] ?? null).includes('"committed"');
}

function headersOf(route: Route): JsonObject {
  const headers = {
    ...(route.etag === undefined ? {} : { ETag: { $ref: "#/components/headers/ETag" } }),
    ...(route.creates === undefined ? {} : { "Idempotent-Replayed": { $ref: "#/components/headers/IdempotentReplayed" } }),
    ...(route.cookie === true ? { "Set-Cookie": { $ref: "#/components/headers/SetCookie" } } : {}),
  };
  return Object.keys(headers).length === 0 ? {} : { headers };
}

function problemsOf(route: Route): JsonObject {
  const groups = problemGroups(route).map(({ status, codes }) => [
    String(status),
    { $ref: `#/components/responses/${problemName(codes)}` },
  ]);
  return Object.fromEntries(groups);
}

type ProblemGroup = { status: number; codes: ErrorCode[] };

function problemGroups(route: Route): ProblemGroup[] {
  const byStatus = Map.groupBy(codesOf(route), (code) => errorTable[code].status);
  return [...byStatus].map(([status, codes]) => ({ status, codes: codes.toSorted() })).toSorted((a, b) => a.status - b.status);
}

/** `ConflictOrOutcomeUnknown`: the codes that the response can have. */
function problemName(codes: readonly ErrorCode[]): string {
  const words = codes.map((code) =>
    code
      .split("-")
      .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
      .join(""),
  );
  return words.join("Or");
}

/** The problem responses that these routes refer to, by name. */
export function problemResponses(routes: readonly Route[]): JsonObject {
  const groups = routes.flatMap(problemGroups);
  const named = groups.map(({ codes }): [string, Json] => [problemName(codes), problemResponse(codes)]);
  return Object.fromEntries(named.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

function problemResponse(codes: ErrorCode[]): Json {
  const named = { type: "object", properties: { code: { enum: codes } } };
  return {
    description: codes.map((code) => `${code}: ${errorTable[code].title}`).join("; "),
    headers: { "Content-Language": { schema: { enum: ["en", "pt-BR"] } } },
    content: { "application/problem+json": { schema: { allOf: [{ $ref: "#/components/schemas/Problem" }, named] } } },
  };
}

/** The codes a route can answer with: its own and those of its form. */
export function codesOf(route: Route): ErrorCode[] {
  const codes: ErrorCode[] = [
    "bad-request",
    ...(route.permission === null ? [] : (["unauthorized", "forbidden"] as const)),
    ...(route.params === undefined ? [] : (["not-found"] as const)),
    ...(route.body === undefined ? [] : (["body-too-large", "unsupported-media-type"] as const)),
    ...(takesInput(route) ? (["invalid-field"] as const) : []),
    ...(route.creates === undefined ? [] : (["conflict", "request-in-progress", "outcome-unknown"] as const)),
    ...(route.ifMatch === undefined ? [] : (["precondition-failed", "precondition-required"] as const)),
    "wrong-host",
    "internal",
    "store-away",
    ...route.errors,
  ];
  return [...new Set(codes)];
}

function takesInput(route: Route): boolean {
  return route.body !== undefined || route.query !== undefined || route.headers !== undefined || route.creates !== undefined;
}
