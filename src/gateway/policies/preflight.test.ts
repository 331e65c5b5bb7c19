import { expect, test } from "vitest";
import { createBucketStore } from "../limits/bucket-store.ts";
import { compile, refusalOf, testCall } from "../testing/test-call.ts";
import { accessRow, licenseRow, makeToken, now, policyRows, tokenRow } from "../testing/test-policy.ts";
import { allowPreflight, isPreflight } from "./preflight.ts";

const origin = "https://app.example";

function ask(rows: Parameters<typeof policyRows>[1] = {}, buckets = createBucketStore()): Promise<string> {
  const snapshot = compile(
    policyRows({}, { tokens: [tokenRow(makeToken())], accesses: [accessRow({ kind: "publishable", origins: [origin] })], ...rows }),
  );
  const call = testCall({ method: "OPTIONS", path: "/v1/localities/1", headers: { origin, requestedMethod: "GET" } });
  return refusalOf(() => allowPreflight(call, snapshot, buckets));
}

test("leave is given only while the access could be used", async () => {
  expect(await ask()).toBe("passed");
  expect(await ask({ accesses: [accessRow({ kind: "publishable", origins: [origin], expires_at: now })] })).toBe("not-found preflight");
  expect(await ask({ licenses: [licenseRow({ state: "suspended" })] })).toBe("not-found preflight");
  expect(await ask({ partners: [{ tenant_id: "ten_a", partner_id: "par_a", state: "disabled" }] })).toBe("not-found preflight");
  expect(await ask({ grants: [] })).toBe("not-found preflight");
});

test("preflights of one address are limited", async () => {
  const buckets = createBucketStore();
  const seen = new Set<string>();
  for (let i = 0; i < 21; i += 1) seen.add(await ask({}, buckets));
  expect([...seen]).toEqual(["passed", "too-many-requests preflight-limit"]);
});

test("an OPTIONS request without an origin and a method is no preflight", () => {
  expect(isPreflight(testCall({ method: "OPTIONS", headers: { origin, requestedMethod: "GET" } }))).toBe(true);
  expect(isPreflight(testCall({ method: "OPTIONS", headers: { origin } }))).toBe(false);
  expect(isPreflight(testCall({ method: "GET", headers: { origin, requestedMethod: "GET" } }))).toBe(false);
});
