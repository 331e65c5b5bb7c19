import { Ajv2020 } from "ajv/dist/2020.js";
import formats from "ajv-formats";
import { describe, expect, test } from "vitest";
import { openapiDocument } from "./openapi.ts";
import { adminApi, splitRouteKey, type RouteKey } from "./routes.ts";

const inOrder = (a: string, b: string) => a.localeCompare(b);

// oxlint-disable-next-line typescript/no-explicit-any -- a JSON document of any depth, asserted member by member
type Loose = Record<string, any>;
const document: Loose = openapiDocument();
const operations = Object.entries(document["paths"] as Loose).flatMap(([path, item]) =>
  Object.entries(item as Loose).map(([method, operation]) => ({ method, path, operation: operation as Loose })),
);

const ajv = new Ajv2020({ strict: false, allErrors: true });
formats.default(ajv, ["date-time"]);
ajv.addSchema({ $id: "https://aqueduto/document", ...document });

function follow(reference: string): unknown {
  return reference
    .slice(2)
    .split("/")
    .reduce<unknown>((place, step) => Reflect.get(Object(place), step), document);
}

function each(value: unknown, visit: (node: Loose) => void): void {
  if (typeof value !== "object" || value === null) return;
  visit(value);
  for (const member of Object.values(value)) each(member, visit);
}

test("every route of the contract is an operation, and nothing else is", () => {
  const shown = operations.map(({ method, path }) => `${method.toUpperCase()} ${path}`);
  expect(shown.toSorted()).toEqual(Object.keys(adminApi).toSorted());
});

test("operation ids are unique and good names", () => {
  const ids = operations.map(({ operation }) => String(operation["operationId"]));
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids.filter((id) => !/^[a-z][A-Za-z0-9]+$/.test(id))).toEqual([]);
});

test("every reference leads somewhere", () => {
  const broken: string[] = [];
  each(document, (node) => {
    if (typeof node["$ref"] === "string" && follow(node["$ref"]) === undefined) broken.push(node["$ref"]);
  });
  expect(broken).toEqual([]);
});

test("the document is the same text every time and holds nothing that JSON cannot say", () => {
  expect(JSON.parse(JSON.stringify(document))).toEqual(document);
  expect(JSON.stringify(openapiDocument())).toBe(JSON.stringify(document));
});

describe.each(operations)("$method $path", ({ method, path, operation }) => {
  test("declares exactly the parameters of its path", () => {
    const declared: string[] = ((operation["parameters"] ?? []) as Loose[])
      .filter((one) => one["in"] === "path")
      .map((one) => String(one["name"]));
    expect(declared.toSorted(inOrder)).toEqual([...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1] ?? "").toSorted(inOrder));
  });

  test("has a success, a problem per failure, and schemas of JSON Schema 2020-12", () => {
    const responses = operation["responses"] as Record<string, Loose>;
    expect(Object.keys(responses).filter((status) => status.startsWith("2"))).not.toEqual([]);
    for (const [status, given] of Object.entries(responses)) {
      const response = (typeof given["$ref"] === "string" ? follow(given["$ref"]) : given) as Loose;
      const [[type, content]] = Object.entries(response["content"] as Loose) as [[string, Loose]];
      if (!status.startsWith("2")) expect(type).toBe("application/problem+json");
      const schema = JSON.parse(JSON.stringify(content["schema"]).replaceAll('"#/', '"https://aqueduto/document#/')) as object;
      expect(ajv.compile(schema)).toBeTypeOf("function");
    }
    expect(method).not.toBe("");
  });
});

test("a create takes an Idempotency-Key, a guarded change an If-Match, and its GET gives the ETag", () => {
  for (const key of Object.keys(adminApi) as RouteKey[]) {
    const route: Loose = adminApi[key];
    const { method, path } = splitRouteKey(key);
    const operation = (document["paths"] as Loose)[path][method.toLowerCase()] as Loose;
    const names = new Set(((operation["parameters"] ?? []) as Loose[]).map((one) => one["$ref"]));
    expect([key, names.has("#/components/parameters/IdempotencyKey")]).toEqual([key, route["creates"] !== undefined]);
    expect([key, names.has("#/components/parameters/IfMatch")]).toEqual([key, route["ifMatch"] !== undefined]);
    if (route["ifMatch"] !== undefined) expect(adminApi[route["ifMatch"] as RouteKey]).toHaveProperty("etag");
  }
});

test("whatever answers 201 can be repeated safely, but for steps of one's own sign-in, which hold a challenge good once", () => {
  const unsafe = (Object.keys(adminApi) as RouteKey[]).filter((key) => {
    const route: Loose = adminApi[key];
    return route["status"] === 201 && route["creates"] === undefined && route["permission"] !== "account:own";
  });
  expect(unsafe).toEqual([]);
});

test("every change of what a GET shows with an ETag asks for it", () => {
  const loose = (Object.keys(adminApi) as RouteKey[]).filter((key) => {
    const { method, path } = splitRouteKey(key);
    const shown = `GET ${path}`;
    const route: Loose = adminApi[key];
    return (method === "PATCH" || method === "PUT") && shown in adminApi && route["ifMatch"] === undefined;
  });
  expect(loose).toEqual([]);
});
