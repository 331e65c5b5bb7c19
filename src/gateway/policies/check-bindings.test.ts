import { expect, test } from "vitest";
import { compile, onlyAccess, refusalOf, testCall } from "../testing/test-call.ts";
import { accessRow, makeToken, policyRows, tokenRow } from "../testing/test-policy.ts";
import { checkBindings } from "./check-bindings.ts";

function verdict(access: Parameters<typeof accessRow>[0], from: { address?: string; origin?: string }): Promise<string> {
  const snapshot = compile(policyRows({}, { tokens: [tokenRow(makeToken())], accesses: [accessRow(access)] }));
  const call = testCall({ address: from.address ?? "127.0.0.1", headers: { origin: from.origin } });
  return refusalOf(() => checkBindings(call, onlyAccess(snapshot)));
}

test("an address outside the networks of the access is refused", async () => {
  expect(await verdict({ cidrs: ["10.0.0.0/8"] }, { address: "10.9.9.9" })).toBe("passed");
  expect(await verdict({ cidrs: ["10.0.0.0/8"] }, { address: "11.9.9.9" })).toBe("forbidden address");
  expect(await verdict({ cidrs: ["10.0.0.0/8"] }, { address: "" })).toBe("forbidden address");
  expect(await verdict({}, { address: "203.0.113.1" })).toBe("passed");
});

test("a bound origin is compared whole", async () => {
  const access = { kind: "publishable" as const, origins: ["https://app.example"] };
  expect(await verdict(access, { origin: "https://app.example" })).toBe("passed");
  for (const origin of ["https://app.example.evil", "http://app.example", "https://app.example:444", "null", "HTTPS://APP.EXAMPLE"]) {
    expect(await verdict(access, { origin })).toBe("forbidden origin");
  }
  expect(await verdict(access, {})).toBe("forbidden origin");
});

test("a live publishable access without an origin is not usable, a sandbox one is", async () => {
  expect(await verdict({ kind: "publishable", mode: "live" }, {})).toBe("forbidden origin");
  expect(await verdict({ kind: "publishable", mode: "test" }, {})).toBe("passed");
});
