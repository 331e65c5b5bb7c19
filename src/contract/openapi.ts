import { type Json, type JsonObject, problemResponses, responsesOf, type SchemaText } from "./openapi-responses.ts";
import { Problem } from "./problem.ts";
import type { Route } from "./route.ts";
import { adminApi, type RouteKey, splitRouteKey } from "./routes.ts";

/** Version of the API's form; a breaking change needs an ADR and a new path prefix. */
const version = "1.0.0";

/** The OpenAPI 3.1 document of the admin API: made from the contract alone, the same text every time. */
export function openapiDocument(): JsonObject {
  const names = namedSchemas();
  const schemaOf: SchemaText = (schema) => schemaText(schema, names);
  const paths: { [path: string]: JsonObject } = {};
  for (const key of routeKeys()) {
    const { method, path } = splitRouteKey(key);
    paths[path] = { ...paths[path], [method.toLowerCase()]: operationOf(key, adminApi[key], schemaOf) };
  }
  return {
    openapi: "3.1.1",
    info: {
      title: "Aqueduto admin API",
      version,
      description:
        "Partners, licenses, accesses, tokens, webhooks and audit of a tenant. How paging, errors, ETag and Idempotency-Key work: docs/api.md.",
      license: { name: "MIT", identifier: "MIT" },
    },
    jsonSchemaDialect: "https://json-schema.org/draft/2020-12/schema",
    servers: [{ url: "/" }],
    security: [{ apiKey: [] }, { session: [] }],
    tags: tagsOf(Object.keys(paths)),
    paths,
    components: componentsOf(names),
  };
}

function routeKeys(): RouteKey[] {
  // the keys of a value of known type
  return Object.keys(adminApi) as RouteKey[];
}

function operationOf(key: RouteKey, route: Route, schemaOf: SchemaText): JsonObject {
  const { path } = splitRouteKey(key);
  const parameters = parametersOf(route, schemaOf);
  return {
    operationId: operationIdOf(key),
    summary: route.summary,
    tags: [tagOf(path)],
    ...(route.permission === null ? { security: [] } : { "x-permission": route.permission }),
    ...(route.person === true ? { security: [{ session: [] }] } : {}),
    ...(route.demo === true ? { "x-demo-only": true } : {}),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(route.body === undefined
      ? {}
      : { requestBody: { required: isRequired(route), content: { "application/json": { schema: schemaOf(route.body) } } } }),
    responses: responsesOf(route, schemaOf),
  };
}

/** `GET /v1/partners/{partner_id}` -> `getPartnersByPartnerId`. */
function operationIdOf(key: RouteKey): string {
  const { method, path } = splitRouteKey(key);
  const words = path
    .replace(/^\/(v1\/)?/, "")
    .split(/[/_.-]/)
    .flatMap((part) => (part.startsWith("{") ? ["by", ...part.slice(1).split("_")] : [part]))
    .map((word) => word.replaceAll(/[{}]/g, ""));
  return method.toLowerCase() + words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join("");
}

function tagOf(path: string): string {
  return path.replace(/^\/(v1\/)?/, "").split("/")[0] || "status";
}

function tagsOf(paths: string[]): Json {
  return [...new Set(paths.map(tagOf))].toSorted().map((name) => ({ name }));
}

function isRequired(route: Route): boolean {
  const required: unknown = Reflect.get(Object(route.body), "required");
  return Array.isArray(required) && required.length > 0;
}

function parametersOf(route: Route, schemaOf: SchemaText): Json[] {
  return [
    ...membersOf(route.params, "path", schemaOf),
    ...membersOf(route.query, "query", schemaOf),
    ...membersOf(route.headers, "header", schemaOf),
    ...(route.creates === undefined ? [] : [{ $ref: "#/components/parameters/IdempotencyKey" }]),
    ...(route.ifMatch === undefined ? [] : [{ $ref: "#/components/parameters/IfMatch" }]),
    { $ref: "#/components/parameters/AcceptLanguage" },
  ];
}

function membersOf(schema: Route["params"], place: "path" | "query" | "header", schemaOf: SchemaText): Json[] {
  if (schema === undefined) return [];
  const required = new Set(schema.required);
  return Object.entries(schema.properties).map(([name, member]) => ({
    name,
    in: place,
    required: place === "path" || required.has(name),
    schema: schemaOf(member),
  }));
}

/** Schemas that the document names: whatever a route replies or takes as a whole, where two routes share it. */
function namedSchemas(): Map<object, string> {
  const names = new Map<object, string>([[Problem, "Problem"]]);
  for (const key of routeKeys()) {
    const { method, path } = splitRouteKey(key);
    const route: Route = adminApi[key];
    if (method === "GET" && path.endsWith("}")) addName(names, route.reply, nounOf(path));
    const items: unknown = Reflect.get(Object(Reflect.get(route.reply, "properties")), "items");
    const item: unknown = Reflect.get(Object(items), "items");
    if (method === "GET" && typeof item === "object" && item !== null && !names.has(item)) addName(names, item, `${nounOf(path)}Item`);
  }
  return names;
}

/** `/v1/license-versions/{version_id}` -> `LicenseVersion`: the last fixed part of the path in the singular. */
function nounOf(path: string): string {
  const fixed = path.split("/").filter((part) => part !== "" && part !== "v1" && !part.startsWith("{"));
  const words = (fixed.at(-1) ?? "").split("-").map((word) => word.charAt(0).toUpperCase() + word.slice(1));
  return words
    .join("")
    .replace(/ies$/, "y")
    .replace(/sses$/, "ss")
    .replace(/(?<![s])s$/, "");
}

function addName(names: Map<object, string>, schema: object, name: string): void {
  const taken = new Set(names.values());
  let free = name;
  for (let n = 2; taken.has(free); n += 1) free = `${name}${n}`;
  if (!names.has(schema)) names.set(schema, free);
}

/** A schema as JSON Schema 2020-12; parts that have a name become references, but not the schema itself at `top`. */
function schemaText(schema: unknown, names: Map<object, string>, top = false): Json {
  if (Array.isArray(schema)) return schema.map((part) => schemaText(part, names));
  if (typeof schema !== "object" || schema === null) return plain(schema);
  const name = names.get(schema);
  if (name !== undefined && !top) return { $ref: `#/components/schemas/${name}` };
  return Object.fromEntries(Object.entries(schema).map(([member, value]) => [member, schemaText(value, names)]));
}

/** Schemas hold nothing but JSON. */
function plain(value: unknown): Json {
  return value as Json;
}

function componentsOf(names: Map<object, string>): JsonObject {
  const schemas = [...names].toSorted(([, a], [, b]) => (a < b ? -1 : 1)).map(([schema, name]) => [name, schemaText(schema, names, true)]);
  return {
    schemas: Object.fromEntries(schemas),
    responses: problemResponses(routeKeys().map((key) => adminApi[key])),
    parameters: {
      IdempotencyKey: header(
        "Idempotency-Key",
        { type: "string", pattern: "^[\\x21-\\x7e]{1,128}$" },
        "Makes a repetition safe for 24 hours.",
      ),
      IfMatch: { ...header("If-Match", { type: "string" }, "The ETag that the GET of the same thing gave."), required: true },
      AcceptLanguage: header("Accept-Language", { type: "string" }, "en (default) or pt-BR: the language of problem titles."),
    },
    headers: {
      ETag: { description: "Strong tag of the state that is shown.", schema: { type: "string" } },
      IdempotentReplayed: { description: "true: an earlier request with this Idempotency-Key made the reply.", schema: { const: "true" } },
      SetCookie: { description: "The session cookie of a signed-in person.", schema: { type: "string" } },
    },
    securitySchemes: {
      apiKey: { type: "http", scheme: "bearer", description: "An admin API key (aqk_…)." },
      session: { type: "apiKey", in: "cookie", name: "__Host-aqueduto", description: "The session of a signed-in person." },
    },
  };
}

function header(name: string, schema: JsonObject, description: string): JsonObject {
  return { name, in: "header", required: false, description, schema };
}
