import fc from "fast-check";
import { expect, test } from "vitest";
import { createRouteTable } from "./route-table.ts";

const table = createRouteTable([
  { method: "GET", path: "/v1/properties/{ref}", route: "property" },
  { method: "GET", path: "/v1/properties/{ref}/bills", route: "bills" },
  { method: "GET", path: "/v1/properties/search", route: "search" },
  { method: "POST", path: "/v1/properties/search", route: "search by body" },
  { method: "GET", path: "/v1/{kind}/search/all", route: "all" },
  { method: "GET", path: "/", route: "root" },
]);

test("a static segment wins over a parameter and a dead end falls back", () => {
  expect(table.find("GET", "/v1/properties/search")).toEqual({ route: "search", values: [] });
  expect(table.find("GET", "/v1/properties/search/bills")).toEqual({ route: "bills", values: ["search"] });
  expect(table.find("GET", "/v1/properties/search/all")).toEqual({ route: "all", values: ["properties"] });
});

test("method, case, trailing slash and empty segments count", () => {
  for (const [method, path] of [
    ["DELETE", "/v1/properties/1"],
    ["get", "/v1/properties/1"],
    ["GET", "/V1/properties/1"],
    ["GET", "/v1/properties/1/"],
    ["GET", "/v1/properties/"],
    ["GET", "/v1/properties"],
    ["GET", "v1/properties/1"],
    ["GET", ""],
  ] as const) {
    expect(table.find(method, path), `${method} ${path}`).toBeUndefined();
  }
});

test("a template's own braces and names of object prototypes are no routes", () => {
  expect(table.find("GET", "/constructor")).toBeUndefined();
  expect(table.find("GET", "/__proto__/search/all")).toBeUndefined();
  expect(table.find("GET", "/v1/properties/{ref}")).toEqual({ route: "property", values: ["{ref}"] });
});

test("a registered template finds itself for any segment", () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[A-Za-z0-9_.~-]{1,20}$/), (ref) => {
      fc.pre(ref !== "search");
      expect(table.find("GET", `/v1/properties/${ref}`)).toEqual({ route: "property", values: [ref] });
    }),
  );
});
