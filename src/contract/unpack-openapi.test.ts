import fc from "fast-check";
import { expect, test } from "vitest";
import { AppError } from "./errors.ts";
import { isObject } from "./json-document.ts";
import { lgpdClasses } from "./lgpd.ts";
import { unpackOpenapi } from "./unpack-openapi.ts";
import { schemaFields } from "./unpack-schema.ts";

type Json = Record<string, unknown>;

const ref = { name: "ref", in: "path", required: true, schema: { type: "string", "x-lgpd": "indirect" } };

function operation(schema: unknown, more: Json = {}): Json {
  return {
    operationId: "getThing",
    summary: "A thing",
    parameters: [ref],
    responses: { "200": { content: { "application/json": { schema } } }, "404": {} },
    ...more,
  };
}

function document(get: unknown, more: Json = {}): Json {
  return { openapi: "3.1.0", paths: { "/things/{ref}": { get } }, ...more };
}

const leaf = { type: "string", "x-lgpd": "identity" };
const thing = { type: "object", required: ["name"], properties: { name: leaf } };
const at = "/paths/~1things~1{ref}/get";
const schemaAt = `${at}/responses/200/content/application~1json/schema`;

function faultOf(given: unknown): string | undefined {
  try {
    unpackOpenapi(given);
  } catch (error) {
    if (error instanceof AppError && error.code === "invalid-field") return error.pointer;
    throw error;
  }
  return undefined;
}

test("an operation becomes a row: references written out, objects closed, classes and answer rule kept", () => {
  const components = {
    parameters: { ref },
    schemas: { Thing: { ...thing, properties: { name: { $ref: "#/components/schemas/Name", description: "of a person" } } }, Name: leaf },
  };
  const get = operation(
    { $ref: "#/components/schemas/Thing" },
    { parameters: [{ $ref: "#/components/parameters/ref" }], "x-answers": { parameter: "ref", field: "/name" }, "x-timeout-ms": 900 },
  );
  expect(unpackOpenapi(document(get, { components }))).toEqual([
    {
      operation_id: "getThing",
      method: "GET",
      path: "/things/{ref}",
      summary: "A thing",
      parameters: [{ name: "ref", in: "path", required: true, schema: { type: "string", "x-lgpd": "indirect" } }],
      request_schema: null,
      response_schema: {
        type: "object",
        required: ["name"],
        additionalProperties: false,
        properties: { name: { type: "string", "x-lgpd": "identity", description: "of a person" } },
        "x-answers": { parameter: "ref", field: "/name" },
      },
      publishable: false,
      timeout_ms: 900,
      max_body_bytes: 65_536,
      tags: [],
      state: "served",
      upstream: null,
    },
  ]);
});

const cyclic = { type: "object", properties: { next: { $ref: "#/components/schemas/A" } } };
const doubling = Object.fromEntries(
  Array.from({ length: 26 }, (_, n) => [
    `S${n}`,
    n === 25
      ? leaf
      : { type: "object", properties: { a: { $ref: `#/components/schemas/S${n + 1}` }, b: { $ref: `#/components/schemas/S${n + 1}` } } },
  ]),
);

test.each<[string, unknown, string]>([
  ["no object", 7, ""],
  ["another version", { ...document(operation(thing)), openapi: "2.0" }, "/openapi"],
  ["no path", { openapi: "3.1.0", paths: {} }, "/paths"],
  [
    "an unclassified field",
    document(operation({ type: "object", properties: { a: thing, b: { type: "string" } } })),
    `${schemaAt}/properties/b`,
  ],
  [
    "an unclassified field behind a reference",
    document(operation({ $ref: "#/components/x" }), { components: { x: { type: "string" } } }),
    "/components/x",
  ],
  ["an unclassified list item", document(operation({ type: "array", items: { type: "integer" } })), `${schemaAt}/items`],
  ["an unknown class", document(operation({ type: "string", "x-lgpd": "secret" })), `${schemaAt}/x-lgpd`],
  [
    "an unclassified parameter",
    document(operation(thing, { parameters: [{ ...ref, schema: { type: "string" } }] })),
    `${at}/parameters/0/schema`,
  ],
  [
    "a subject that is nobody",
    document(operation({ type: "string", "x-lgpd": "none", "x-lgpd-subject": true })),
    `${schemaAt}/x-lgpd-subject`,
  ],
  ["an external reference", document(operation({ $ref: "https://example.org/x.json" })), `${schemaAt}/$ref`],
  ["a relative reference", document(operation({ $ref: "other.json#/x" })), `${schemaAt}/$ref`],
  ["a reference to nothing", document(operation({ $ref: "#/components/schemas/None" })), `${schemaAt}/$ref`],
  ["a reference through a prototype", document(operation({ $ref: "#/components/constructor" }), { components: {} }), `${schemaAt}/$ref`],
  ["a constraint beside a reference", document(operation({ $ref: "#/x", minLength: 1 }), { x: leaf }), `${schemaAt}/minLength`],
  ["a keyword that can hide fields", document(operation({ ...thing, anyOf: [thing] })), `${schemaAt}/anyOf`],
  ["open objects", document(operation({ ...thing, additionalProperties: leaf })), `${schemaAt}/additionalProperties`],
  ["an object without fields", document(operation({ type: "object" })), `${schemaAt}/properties`],
  ["a schema without a type", document(operation({ "x-lgpd": "none" })), `${schemaAt}/type`],
  ["a type of two forms", document(operation({ ...thing, type: ["object", "string"] })), `${schemaAt}/type`],
  ["a required field that is not described", document(operation({ ...thing, required: ["x"] })), `${schemaAt}/required`],
  ["two success statuses", document(operation(thing, { responses: { "200": {}, "201": {} } })), `${at}/responses`],
  [
    "an answer that is not JSON",
    document(operation(thing, { responses: { "200": { content: { "text/csv": {} } } } })),
    `${at}/responses/200/content`,
  ],
  ["a body of a GET", document(operation(thing, { requestBody: {} })), `${at}/requestBody`],
  ["a header parameter", document(operation(thing, { parameters: [ref, { ...ref, name: "h", in: "header" }] })), `${at}/parameters/1/in`],
  [
    "a list parameter",
    document(operation(thing, { parameters: [{ ...ref, schema: { type: "array", items: leaf } }] })),
    `${at}/parameters/0/schema`,
  ],
  [
    "a path parameter that is not required",
    document(operation(thing, { parameters: [{ ...ref, required: false }] })),
    `${at}/parameters/0/required`,
  ],
  ["a path parameter that is not described", document(operation(thing, { parameters: [] })), `${at}/parameters`],
  ["a parameter described twice", document(operation(thing, { parameters: [ref, ref] })), `${at}/parameters`],
  ["another method", { openapi: "3.1.0", paths: { "/a": { head: operation(thing) } } }, "/paths/~1a/head"],
  [
    "an answer rule about no field",
    document(operation(thing, { "x-answers": { parameter: "ref", field: "/id" } })),
    `${at}/x-answers/field`,
  ],
  [
    "an answer rule about no parameter",
    document(operation(thing, { "x-answers": { parameter: "id", field: "/name" } })),
    `${at}/x-answers`,
  ],
  ["a publishable operation with personal fields", document(operation(thing, { "x-publishable": true })), `${at}/x-publishable`],
  ["a timeout out of range", document(operation(thing, { "x-timeout-ms": 60_001 })), `${at}/x-timeout-ms`],
  ["no summary", document(operation(thing, { summary: "" })), `${at}/summary`],
  ["a path that is no template", { openapi: "3.1.0", paths: { "/a/../b": { get: operation(thing) } } }, "/paths/~1a~1..~1b"],
])("%s is refused at its place", (_name, given, pointer) => {
  expect(faultOf(given)).toBe(pointer);
});

test("a schema that refers to itself and one that doubles at each reference end with a fault", () => {
  expect(faultOf(document(operation({ $ref: "#/components/schemas/A" }), { components: { schemas: { A: cyclic } } }))).toEqual(
    expect.any(String),
  );
  expect(faultOf(document(operation({ $ref: "#/x" }), { x: { $ref: "#/x" } }))).toEqual(expect.any(String));
  expect(faultOf(document(operation({ $ref: "#/components/schemas/S0" }), { components: { schemas: doubling } }))).toEqual(
    expect.any(String),
  );
});

test("paths that could answer the same request and a repeated operationId are refused", () => {
  const other = { ...operation(thing, { operationId: "other", parameters: [{ ...ref, name: "id" }] }) };
  expect(faultOf({ openapi: "3.1.0", paths: { "/things/{ref}": { get: operation(thing) }, "/things/{id}": { get: other } } })).toBe(
    "/paths/~1things~1{id}",
  );
  const same = operation(thing, { parameters: [] });
  expect(faultOf({ openapi: "3.1.0", paths: { "/things/{ref}": { get: operation(thing) }, "/others": { get: same } } })).toBe(
    "/paths/~1others/get/operationId",
  );
});

test("a publishable operation reads what says nothing of a person, and no list", () => {
  const open = { type: "object", properties: { name: { type: "string", "x-lgpd": "none" } } };
  const parameters = [{ ...ref, schema: { type: "string", "x-lgpd": "technical" } }];
  const [row] = unpackOpenapi(document(operation(open, { parameters, "x-publishable": true })));
  expect(row?.publishable).toBe(true);
  expect(faultOf(document(operation({ type: "array", items: open }, { parameters, "x-publishable": true })))).toBe(`${at}/x-publishable`);
});

test.each(["__proto__", "constructor", "toString"])("a field or parameter named %s is refused at its pointer", (name) => {
  const leafText = '{"type":"string","x-lgpd":"none"}';
  const schema: unknown = JSON.parse(`{"type":"object","properties":{"${name}":${leafText}}}`);
  expect(faultOf(document(operation(schema)))).toBe(`${schemaAt}/properties/${name}`);
  const parameters = [ref, { name, in: "query", schema: { type: "string", "x-lgpd": "none" } }];
  expect(faultOf(document(operation(thing, { parameters })))).toBe(`${at}/parameters/1/name`);
});

test("a pattern on what partners send has to be cheap; on what the service answers it is never run", () => {
  const slow = { type: "string", "x-lgpd": "none", pattern: "^(a+)+$" };
  expect(faultOf(document(operation({ type: "object", properties: { a: slow } })))).toBeUndefined();
  const parameters = [ref, { name: "q", in: "query", schema: slow }];
  expect(faultOf(document(operation(thing, { parameters })))).toBe(`${at}/parameters/1/schema/pattern`);
  const word = { type: "string", "x-lgpd": "none", pattern: "^[^@]+@[^@]+$", maxLength: 100 };
  const asked = (schema: unknown) => ({
    openapi: "3.1.0",
    paths: {
      "/things/{ref}": {
        post: operation(thing, { requestBody: { content: { "application/json": { schema: { $ref: "#/components/schemas/Ask" } } } } }),
      },
    },
    components: { schemas: { Ask: { type: "object", properties: { words: schema } } } },
  });
  expect(faultOf(asked(word))).toBeUndefined();
  expect(faultOf(asked({ type: "array", items: word }))).toBe("/components/schemas/Ask/properties/words/items/pattern");
  expect(faultOf(asked({ type: "array", maxItems: 5, items: word }))).toBeUndefined();
});

const many = (count: number, schema: Json = { type: "string", "x-lgpd": "none" }) => ({
  type: "object",
  properties: Object.fromEntries(Array.from({ length: count }, (_, index) => [`f${index}`, schema])),
});

test("an answer may have 15,000 fields; what is too much is told with its limit", () => {
  expect(unpackOpenapi(document(operation(many(15_000))))).toHaveLength(1);
  expect(() => unpackOpenapi(document(operation(many(20_001))))).toThrow("at most 20000 fields");
  const post = operation(thing, { requestBody: { content: { "application/json": { schema: many(1_001) } } } });
  expect(() => unpackOpenapi({ openapi: "3.1.0", paths: { "/things/{ref}": { post } } })).toThrow("at most 1000 parameters and fields");
});

test("2,000 operations are read, one more is refused before any is read", () => {
  const paths = (count: number) =>
    Object.fromEntries(
      Array.from({ length: count }, (_, index) => [
        `/a/{x}/b${index}`,
        { get: operation(thing, { operationId: `op${index}`, parameters: [{ ...ref, name: "x" }] }) },
      ]),
    );
  expect(unpackOpenapi({ openapi: "3.1.0", paths: paths(2_000) })).toHaveLength(2_000);
  expect(faultOf({ openapi: "3.1.0", paths: paths(2_001) })).toBe("/paths");
  expect(() => unpackOpenapi({ openapi: "3.1.0", paths: paths(2_001) })).toThrow("at most 2000 operations; this one 2001");
});

const classified = fc.record({
  type: fc.constantFrom("string", "integer", "number", "boolean"),
  "x-lgpd": fc.constantFrom(...lgpdClasses),
});
const fieldName = fc.string().filter((name) => !(name in Object.prototype));
const { tree } = fc.letrec((tie) => ({
  tree: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    classified,
    fc.dictionary(fieldName, tie("tree"), { maxKeys: 4 }).map((properties) => ({ type: "object", properties })),
    tie("tree").map((items) => ({ type: "array", items })),
  ),
}));

test("whatever is accepted is classified in every field; taking the class of any one field away refuses it there", () => {
  fc.assert(
    fc.property(tree, fc.nat(), (schema, pick) => {
      const [row] = unpackOpenapi(document(operation(schema)));
      const fields = schemaFields(row?.response_schema);
      expect(fields.every((field) => lgpdClasses.some((name) => name === field.schema["x-lgpd"]))).toBe(true);
      const leaves = leavesOf(schema);
      expect(leaves).toHaveLength(fields.length);
      const victim = leaves[pick % Math.max(leaves.length, 1)];
      if (victim === undefined) return;
      const stripped: unknown = JSON.parse(
        JSON.stringify(schema, (_key, value: unknown) => (value === victim ? { type: "string" } : value)),
      );
      expect(faultOf(document(operation(stripped)))).toEqual(expect.stringContaining(schemaAt));
    }),
  );
});

test("no JSON document makes it fail in another way than a fault", () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), fc.jsonValue(), (one, two, three) => {
      for (const given of [
        one,
        document(one),
        document(operation(two)),
        document(operation(thing, { parameters: [three], responses: two })),
      ])
        faultOf(given);
    }),
  );
});

function leavesOf(schema: unknown): unknown[] {
  if (!isObject(schema)) return [];
  if (schema["type"] === "array") return leavesOf(schema["items"]);
  if (schema["type"] !== "object") return [schema];
  return Object.values(Object(schema["properties"])).flatMap(leavesOf);
}
