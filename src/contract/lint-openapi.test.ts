import fc from "fast-check";
import { expect, test } from "vitest";
import { AppError } from "./errors.ts";
import { lintOpenapi } from "./lint-openapi.ts";
import { unpackOpenapi } from "./unpack-openapi.ts";

const leaf = (type: string, lgpd: string, more: object = {}) => ({ type, "x-lgpd": lgpd, ...more });
const answer = (schema: object) => ({ responses: { 200: { content: { "application/json": { schema } } } } });

function documentOf(paths: object, more: object = {}): object {
  return { openapi: "3.1.0", paths, ...more };
}

test("every unclassified field is told with its pointer, not the first alone", () => {
  const schema = { type: "object", properties: { a: { type: "string" }, b: leaf("string", "none"), c: { type: "integer" } } };
  const at = "/paths/~1x/get/responses/200/content/application~1json/schema/properties";
  const findings = lintOpenapi(documentOf({ "/x": { get: { operationId: "getX", summary: "x", ...answer(schema) } } }));
  expect(findings.map((one) => [one.rule, one.pointer])).toEqual([
    ["unclassified-field", `${at}/a`],
    ["unclassified-field", `${at}/c`],
  ]);
});

test("one operation's fault does not hide another's", () => {
  const good = answer(leaf("string", "none"));
  const findings = lintOpenapi(
    documentOf({
      "/a": { get: { summary: "no id", ...good } },
      "/b": { get: { operationId: "getB", summary: "b", ...answer({ $ref: "https://example.org/x.json" }) } },
      "/c": {
        get: {
          operationId: "getC",
          summary: "c",
          parameters: [{ name: "cpf", in: "query", required: true, schema: leaf("string", "identity") }],
          ...good,
        },
      },
    }),
  );
  expect(findings.map((one) => [one.severity, one.rule, one.pointer])).toEqual([
    ["error", "operation-id", "/paths/~1a/get/operationId"],
    ["error", "external-reference", "/paths/~1b/get/responses/200/content/application~1json/schema/$ref"],
    ["error", "person-in-url", "/paths/~1c/get/parameters/0"],
    ["error", "not-usable", "/paths"],
  ]);
});

test("what is allowed and doubtful is a warning", () => {
  const schema = { type: "object", properties: { nomeCliente: leaf("string", "none"), valor: leaf("number", "financial") } };
  const findings = lintOpenapi(
    documentOf({
      "/x/{ref}": {
        get: {
          operationId: "concluirX",
          summary: "x",
          parameters: [{ name: "ref", in: "path", required: true, schema: leaf("string", "indirect") }],
          ...answer(schema),
        },
      },
    }),
  );
  expect(findings.map((one) => `${one.severity} ${one.rule}`)).toEqual([
    "warning class-doubtful",
    "warning write-by-get",
    "warning answer-not-checked",
    "warning no-subject",
  ]);
});

test("a document of 3.0 means what it meant there", () => {
  const document = {
    openapi: "3.0.3",
    paths: {
      "/x": {
        post: {
          operationId: "makeX",
          summary: "x",
          tags: ["b", "a", "b"],
          requestBody: {
            content: {
              "application/json": {
                schema: {
                  type: "object",
                  properties: {
                    nullable: leaf("string", "none", { nullable: true }),
                    count: leaf("integer", "none", { minimum: 0, exclusiveMinimum: true, maximum: 9, exclusiveMaximum: false }),
                    thing: { $ref: "#/components/schemas/Thing", nullable: true, type: "object" },
                  },
                },
              },
            },
          },
          responses: { 204: {} },
        },
      },
    },
    components: { schemas: { Thing: leaf("string", "technical") } },
  };
  const [operation] = unpackOpenapi(document);
  expect(operation?.tags).toEqual(["a", "b"]);
  expect(operation?.request_schema?.["properties"]).toEqual({
    nullable: { type: ["string", "null"], "x-lgpd": "none" },
    count: { type: "integer", "x-lgpd": "none", exclusiveMinimum: 0, maximum: 9 },
    thing: { type: "string", "x-lgpd": "technical" },
  });
});

const reference = fc.constantFrom(
  "http://127.0.0.1:1/x",
  "file:///etc/passwd",
  "//evil",
  "#/a/b",
  "#/paths",
  "#",
  "./x.json#/y",
  "#/components/schemas/S",
);
const hostileKey = fc.constantFrom(
  "openapi",
  "paths",
  "/a",
  "/a/{b}",
  "get",
  "post",
  "operationId",
  "parameters",
  "schema",
  "type",
  "properties",
  "items",
  "$ref",
  "responses",
  "200",
  "content",
  "application/json",
  "x-lgpd",
  "x-answers",
  "x-upstream",
  "__proto__",
  "constructor",
  "nullable",
  "required",
  "tags",
);
const hostile = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 8 },
    fc.string(),
    reference,
    fc.constantFrom("object", "string", "array", "identity", "none", "3.0.1", "3.1.0", "\0", "\ud800"),
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie("value"), { maxLength: 4 }),
    fc.dictionary(fc.oneof(hostileKey, fc.string()), tie("value"), { maxKeys: 6 }),
  ),
})).value;

test("whatever is uploaded is refused with a pointer or read; nothing else is thrown and nothing is fetched", () => {
  const fetched: unknown[] = [];
  const original = globalThis.fetch;
  globalThis.fetch = (input) => {
    fetched.push(input);
    return Promise.reject(new Error("no network"));
  };
  try {
    fc.assert(
      fc.property(hostile, hostile, (paths, components) => {
        for (const document of [
          paths,
          { openapi: "3.0.1", paths, components },
          { openapi: "3.1.0", paths: { "/a": { get: paths } }, components },
        ]) {
          for (const finding of lintOpenapi(document)) expect(typeof finding.pointer).toBe("string");
          try {
            unpackOpenapi(document);
          } catch (error) {
            expect(error).toBeInstanceOf(AppError);
            expect(error).toMatchObject({ code: "invalid-field", pointer: expect.any(String) });
          }
        }
      }),
      { numRuns: 300 },
    );
  } finally {
    globalThis.fetch = original;
  }
  expect(fetched).toEqual([]);
});

test("a document nested a million deep, or with text that cannot be stored, is refused and does not break the reader", () => {
  let deep: unknown = 1;
  for (let depth = 0; depth < 1_000_000; depth += 1) deep = [deep];
  for (const part of [deep, "a\0b", "\ud800", { "\0": 1 }])
    expect(() => unpackOpenapi({ openapi: "3.1.0", paths: {}, "x-part": part })).toThrow(AppError);
});
