import { expect, test } from "vitest";
import { compile, onlyAccess, refusalOf, testCall } from "../testing/test-call.ts";
import { accessRow, grantRow, makeToken, operations, policyRows, tokenRow } from "../testing/test-policy.ts";
import { demandGrant, matchOperation } from "./match-operation.ts";

async function verdict(method: string, path: string, more: Parameters<typeof policyRows>[1] = {}): Promise<string> {
  const snapshot = compile(policyRows({}, { tokens: [tokenRow(makeToken())], ...more }));
  return refusalOf(() => demandGrant(matchOperation(testCall({ method, path }), onlyAccess(snapshot), snapshot)));
}

test("only a known operation within the license passes", async () => {
  expect(await verdict("GET", "/v1/properties/1")).toBe("passed");
  expect(await verdict("POST", "/v1/properties/1")).toBe("not-found route-unknown");
  expect(await verdict("HEAD", "/v1/properties/1")).toBe("not-found route-unknown");
  expect(await verdict("GET", "/v1/secrets")).toBe("not-found operation-not-licensed");
  expect(await verdict("GET", "/v1/properties/1", { grants: [] })).toBe("not-found operation-not-licensed");
});

test("another tenant's grant and another tenant's operation open nothing", async () => {
  const grants = [{ ...grantRow("getProperty"), tenant_id: "ten_b" }];
  expect(await verdict("GET", "/v1/properties/1", { grants })).toBe("not-found operation-not-licensed");
  const foreign = structuredClone(operations);
  for (const row of foreign) row.tenant_id = "ten_b";
  expect(await verdict("GET", "/v1/properties/1", { operations: foreign })).toBe("not-found route-unknown");
});

test("a disabled service and an operation not marked publishable are not there", async () => {
  const [service] = policyRows({}).services;
  expect(await verdict("GET", "/v1/properties/1", { services: service ? [{ ...service, state: "disabled" }] : [] })).toBe(
    "not-found service-disabled",
  );
  const accesses = [accessRow({ kind: "publishable" })];
  expect(await verdict("GET", "/v1/properties/1", { accesses })).toBe("not-found operation-not-publishable");
  expect(await verdict("GET", "/v1/localities/1", { accesses })).toBe("passed");
});
