import { expect, test } from "vitest";
import { isLgpdClass, mayStandInUrl } from "../../contract/lgpd.ts";
import { lintOpenapi } from "../../contract/lint-openapi.ts";
import { createPathIndex } from "../../contract/path-index.ts";
import { unpackOpenapi } from "../../contract/unpack-openapi.ts";
import { schemaFields } from "../../contract/unpack-schema.ts";
import { gsanOpenapi, loadCatalog } from "./load-catalog.ts";

const operations = unpackOpenapi(gsanOpenapi);

test("the catalogue has nothing that refuses it", () => {
  expect(lintOpenapi(gsanOpenapi).filter((finding) => finding.severity === "error")).toEqual([]);
});

test("every operation is described, not served, and says what an adapter has to call", () => {
  expect(operations.length).toBeGreaterThan(35);
  for (const operation of operations) {
    expect(operation.state).toBe("described");
    expect(operation.publishable).toBe(false);
    expect(operation.upstream).toMatchObject({ method: expect.any(String), path: expect.stringMatching(/^\//), auth: expect.any(String) });
  }
});

test("every field has a class, and nothing of a person stands in a path or query", () => {
  for (const operation of operations) {
    const schemas = [operation.request_schema, operation.response_schema, ...operation.parameters.map((parameter) => parameter.schema)];
    for (const { pointer, schema } of schemas.flatMap((one) => schemaFields(one)))
      expect(isLgpdClass(schema["x-lgpd"]), `${operation.operation_id} ${pointer}`).toBe(true);
    for (const { schema } of operation.parameters) expect(isLgpdClass(schema["x-lgpd"]) && mayStandInUrl(schema["x-lgpd"])).toBe(true);
  }
});

test("what GSAN takes by GET and writes, or takes with a document in the URL, is a POST here", () => {
  const unsafe = operations.filter(({ upstream, request_schema }) => {
    const personal = schemaFields(request_schema).filter(({ schema }) => isLgpdClass(schema["x-lgpd"]) && !mayStandInUrl(schema["x-lgpd"]));
    const inUrl = JSON.stringify(upstream?.["query"] ?? {});
    return JSON.stringify(upstream).includes("writes by GET") || personal.some(({ pointer }) => inUrl.includes(`"${pointer}"`));
  });
  expect(unsafe.map((operation) => [operation.operation_id, operation.method])).toEqual(
    [
      "gsanSearchProperties",
      "gsanCheckIdentity",
      "gsanAgreeInstallments",
      "gsanCheckInstallmentEmail",
      "gsanConfirmInstallments",
      "gsanSearchTotemProperties",
      "gsanIssueTotemStatement",
      "gsanCreateTotemFee",
      "gsanListCreditPayments",
      "gsanCheckAgencyIdentity",
    ].map((id) => [id, "POST"]),
  );
});

test("every operation that answers about a person names that person somewhere", () => {
  const silent = operations
    .filter((operation) => schemaFields(operation.response_schema).some((field) => field.schema["x-lgpd"] === "identity"))
    .filter((operation) => {
      const asked = [operation.request_schema, ...operation.parameters.map((parameter) => parameter.schema), operation.response_schema];
      return !asked.flatMap((schema) => schemaFields(schema)).some((field) => field.schema["x-lgpd-subject"] === true);
    });
  expect(silent.map((operation) => operation.operation_id)).toEqual([]);
});

test("the names of fields fit their classes: no document, mail or telephone is open", () => {
  expect(
    lintOpenapi(gsanOpenapi)
      .filter((finding) => finding.rule === "class-doubtful")
      .map((finding) => finding.detail),
  ).toEqual([
    // of an organisation, of a file, of a place
    expect.stringContaining("/cnpj"),
    expect.stringContaining("/fotos/*/nome"),
    expect.stringContaining("/RAs/*/nomeLocalidade"),
  ]);
});

test("it can be registered beside the base service: neither an id nor a path is taken", () => {
  const base = loadCatalog();
  for (const operation of operations) {
    expect(base.some((one) => one.operation_id === operation.operation_id)).toBe(false);
    const paths = base.filter((one) => one.method === operation.method).map((one) => one.path);
    expect(createPathIndex(paths).clashing(operation.path)).toBeUndefined();
  }
});
