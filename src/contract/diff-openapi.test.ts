import { expect, test } from "vitest";
import { diffOperations, type OpenapiDiff } from "./diff-openapi.ts";
import { unpackOpenapi, type UnpackedOperation } from "./unpack-openapi.ts";

type Json = Record<string, unknown>;
const leaf = (type: unknown, lgpd: string, more: Json = {}): Json => ({ type, "x-lgpd": lgpd, ...more });
const object = (properties: Json, required: string[] = []): Json => ({ type: "object", properties, required });

const ref = { name: "ref", in: "path", required: true, schema: leaf("string", "indirect") };
const limit = { name: "limit", in: "query", required: false, schema: leaf("integer", "technical", { maximum: 10 }) };
const question = object({ a: leaf("string", "none", { enum: ["x", "y"] }), b: leaf("number", "financial") }, ["a"]);
const reply = object({ name: leaf("string", "identity"), items: { type: "array", items: object({ n: leaf("integer", "none") }) } }, [
  "name",
]);

function read(change: Json = {}, paths: Json = {}): UnpackedOperation[] {
  const post = {
    operationId: "ask",
    summary: "Ask",
    parameters: [ref, limit],
    requestBody: { content: { "application/json": { schema: question } } },
    responses: { 200: { content: { "application/json": { schema: reply } } } },
    ...change,
  };
  const other = { operationId: "other", summary: "Other", responses: { 204: {} } };
  return unpackOpenapi({ openapi: "3.1.0", paths: { "/ask/{ref}": { post }, "/other": { get: other }, ...paths } });
}

const asking = (schema: Json): Json => ({ requestBody: { content: { "application/json": { schema } } } });
const answering = (schema: Json): Json => ({ responses: { 200: { content: { "application/json": { schema } } } } });

function changes(after: UnpackedOperation[]): OpenapiDiff {
  return diffOperations(read(), after);
}

test("the same document changes nothing", () => {
  expect(changes(read())).toEqual({ added: [], removed: [], changed: [], breaking: false });
});

test("a mark is the same whatever the order of its members, which the store does not keep", () => {
  const ordered = read({ "x-answers": { parameter: "ref", field: "/name" }, "x-upstream": { method: "GET", path: "/x" } });
  const other = read({ "x-answers": { field: "/name", parameter: "ref" }, "x-upstream": { path: "/x", method: "GET" } });
  expect(diffOperations(ordered, other).changed).toEqual([]);
});

test("an operation more is added and breaks nobody; one less is removed and does", () => {
  const more = read({}, { "/new": { get: { operationId: "new", summary: "n", responses: { 204: {} } } } });
  expect(diffOperations(read(), more)).toEqual({ added: ["new"], removed: [], changed: [], breaking: false });
  expect(diffOperations(more, read())).toEqual({ added: [], removed: ["new"], changed: [], breaking: true });
});

const { a, b } = { a: leaf("string", "none", { enum: ["x", "y"] }), b: leaf("number", "financial") };
const { name } = { name: leaf("string", "identity") };
const items = { type: "array", items: object({ n: leaf("integer", "none") }) };

test.each<[string, Json, string, boolean]>([
  ["a field that must now be sent", asking(object({ a, b }, ["a", "b"])), "/requestBody/b", true],
  ["a field that need no longer be sent", asking(object({ a, b })), "/requestBody/a", false],
  ["a new field that may be sent", asking(object({ a, b, c: b }, ["a"])), "/requestBody/c", false],
  ["a new field that must be sent", asking(object({ a, b, c: b }, ["a", "c"])), "/requestBody/c", true],
  ["a field that may no longer be sent", asking(object({ a }, ["a"])), "/requestBody/b", true],
  ["fewer values taken", asking(object({ a: { ...a, enum: ["x"] }, b }, ["a"])), "/requestBody/a/enum", true],
  ["more values taken", asking(object({ a: { ...a, enum: ["x", "y", "z"] }, b }, ["a"])), "/requestBody/a/enum", false],
  ["a narrower type taken", asking(object({ a, b: leaf("integer", "financial") }, ["a"])), "/requestBody/b/type", true],
  ["a wider type taken", asking(object({ a, b: leaf(["number", "null"], "financial") }, ["a"])), "/requestBody/b/type", false],
  ["a pattern on what is sent", asking(object({ a: { ...a, pattern: "^x$" }, b }, ["a"])), "/requestBody/a/pattern", true],
  ["a parameter gone", { parameters: [ref] }, "/parameters/query limit", true],
  ["a parameter that must be sent", { parameters: [ref, { ...limit, required: true }] }, "/parameters/query limit", true],
  ["a field of the answer gone", answering(object({ items }, [])), "/response/name", true],
  ["a field of the answer that may be missing", answering(object({ name, items })), "/response/name", true],
  ["a field more in the answer", answering(object({ name, items, x: b }, ["name"])), "/response/x", false],
  [
    "a wider type answered",
    answering(object({ name: leaf(["string", "null"], "identity"), items }, ["name"])),
    "/response/name/type",
    true,
  ],
  ["another class", answering(object({ name: leaf("string", "contact"), items }, ["name"])), "/response/name/x-lgpd", true],
  [
    "another type in a list",
    answering(object({ name, items: { type: "array", items: object({ n: leaf("string", "none") }) } }, ["name"])),
    "/response/items/items/n/type",
    true,
  ],
  ["another text", { summary: "Ask again" }, "/summary", false],
  ["other tags", { tags: ["new"] }, "/tags", false],
  ["a longer deadline", { "x-timeout-ms": 9000 }, "/x-timeout-ms", false],
  ["a smaller body", { "x-max-body-bytes": 10 }, "/x-max-body-bytes", true],
  ["no longer served", { "x-upstream": { method: "GET", path: "/x" } }, "/x-upstream", true],
])("%s is told at its place and judged", (_name, change, pointer, breaking) => {
  const diff = changes(read(change));
  expect(diff.changed).toMatchObject([
    { operation_id: "ask", changes: expect.arrayContaining([expect.objectContaining({ pointer, breaking })]) },
  ]);
  expect(diff.breaking).toBe(breaking);
});
