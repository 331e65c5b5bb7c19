import { expect, test } from "vitest";
import { isLgpdClass } from "../../contract/lgpd.ts";
import { schemaFields } from "../../contract/unpack-schema.ts";
import { allOperations } from "../base/all-operations.ts";
import { loadCatalog } from "./load-catalog.ts";

const catalog = loadCatalog();

test("every field of every answer, request and parameter has a class", () => {
  for (const operation of catalog) {
    const schemas = [operation.request_schema, operation.response_schema, ...operation.parameters.map((parameter) => parameter.schema)];
    for (const field of schemas.flatMap((schema) => schemaFields(schema))) {
      expect(isLgpdClass(field.schema["x-lgpd"]), `${operation.operation_id} ${field.pointer}`).toBe(true);
    }
  }
});

test("the catalogue and the service know the same operations", () => {
  expect(catalog.map((operation) => operation.operation_id).sort()).toEqual(Object.keys(allOperations).sort());
});

test("each read of one object says which field repeats what was asked", () => {
  const silent = catalog
    .filter((operation) => operation.response_schema?.["x-answers"] === undefined)
    .map((operation) => operation.operation_id);
  // a yes or no says nothing more, and a list of localities was asked for nothing
  expect(silent).toEqual(["checkIdentity", "listLocalities"]);
});

test("one operation is fit for publishable accesses", () => {
  expect(catalog.filter((operation) => operation.publishable).map((operation) => operation.operation_id)).toEqual(["getLocality"]);
});

test("no operation selects a column that must never leave GSAN", () => {
  const never = /nnmae|nnrg|rgemissao|dtnascimento|cnregistro|numerocartao|nnnis|bolsafamilia|psex_id/;
  const columns = Object.values(allOperations).flatMap((operation) => Object.values(operation.columns).flat());
  expect(columns.filter((column) => never.test(column))).toEqual([]);
});
