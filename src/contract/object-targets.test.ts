import { expect, test } from "vitest";
import { loadCatalog } from "../gsan/catalog/load-catalog.ts";
import { objectTargets, scopeFault } from "./object-targets.ts";

const operation = (id: string) => {
  const found = loadCatalog().find((one) => one.operation_id === id);
  if (found === undefined) throw new Error(id);
  return found;
};

test("the base catalogue says where its operations name properties and places", () => {
  expect(objectTargets(operation("listOpenBills"))).toMatchObject({
    parameters: ["ref"],
    answered: ["/matricula"],
    places: [
      { pointer: "/locality_id", kind: "locality" },
      { pointer: "/municipality_id", kind: "municipality" },
    ],
    free: false,
  });
  expect(objectTargets(operation("getBill"))).toMatchObject({ parameters: [], answered: ["/matricula"] });
  expect(objectTargets(operation("checkIdentity"))).toMatchObject({ body: ["/property"], places: [] });
  expect(objectTargets(operation("listLocalities")).free).toBe(true);
});

test.each([
  ["getProperty", { numbers: true, places: true }, undefined],
  ["getBill", { numbers: true, places: true }, undefined],
  ["listLocalities", { numbers: true, places: true }, undefined],
  ["checkIdentity", { numbers: true, places: false }, undefined],
  ["checkIdentity", { numbers: false, places: true }, "does not only read"],
] as const)("%s within %o", (id, scope, fault) => {
  if (fault === undefined) expect(scopeFault(operation(id), scope)).toBeUndefined();
  else expect(scopeFault(operation(id), scope)).toContain(fault);
});

test("an operation that names its property nowhere, or in a list, cannot be held within a scope", () => {
  const answer = { type: "object", properties: { name: { type: "string", "x-lgpd": "identity" } } };
  const source = { method: "GET", parameters: [], request_schema: null, response_schema: answer };
  expect(scopeFault(source, { numbers: true, places: false })).toContain("neither");
  expect(scopeFault(source, { numbers: false, places: true })).toContain("x-object");
  const list = { type: "object", properties: { matricula: { type: "array", items: { type: "integer", "x-lgpd": "indirect" } } } };
  expect(scopeFault({ ...source, method: "POST", request_schema: list }, { numbers: true, places: false })).toContain("list");
});
