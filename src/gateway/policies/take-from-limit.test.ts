import { expect, test } from "vitest";
import { createBucketStore } from "../limits/bucket-store.ts";
import { limitHeaders } from "../limits/limit-headers.ts";
import { ShareHistory } from "../limits/share-history.ts";
import { noRange } from "../limits/share-line.ts";
import type { AccessPolicy } from "../policy/snapshot.ts";
import type { LicenseRow } from "../policy/policy-rows.ts";
import { Refusal } from "../refusal.ts";
import { compile, onlyAccess, refusalOf, testCall } from "../testing/test-call.ts";
import { accessRow, licenseRow, makeToken, policyRows, tokenRow } from "../testing/test-policy.ts";
import { testQuotas } from "../testing/test-quotas.ts";
import { takeFromLimit } from "./take-from-limit.ts";

function access(license: Partial<LicenseRow>, kind: "publishable" | "confidential" = "confidential"): AccessPolicy {
  return onlyAccess(
    compile(policyRows({}, { tokens: [tokenRow(makeToken())], licenses: [licenseRow(license)], accesses: [accessRow({ kind })] })),
  );
}

function limits(store = { away: false }) {
  return { buckets: createBucketStore(), quotas: testQuotas(() => 1_000, store) };
}

test("calls past the burst are refused until the bucket holds one, by the call's own clock", async () => {
  const from = limits();
  const to = access({ rate_per_second: "0.001", burst: 1 });
  const at = (startedMs: number) => refusalOf(() => takeFromLimit(testCall({ startedMs }), to, {}, from));
  expect([await at(0), await at(1), await at(999_999), await at(1_000_000)]).toEqual([
    "passed",
    "too-many-requests limit",
    "too-many-requests limit",
    "passed",
  ]);
});

test("the refusal says which clause of which license version refused and when it would not", () => {
  const from = limits();
  const to = access({ rate_per_second: "0.500", burst: 1 });
  void takeFromLimit(testCall({ startedMs: 0 }), to, {}, from);
  let refusal: unknown;
  try {
    void takeFromLimit(testCall({ startedMs: 0 }), to, {}, from);
  } catch (error) {
    refusal = error;
  }
  expect(refusal).toBeInstanceOf(Refusal);
  expect((refusal as Refusal).more).toEqual({
    clause: "limit",
    detail:
      "License lic_a, version 3, allows 0.5 calls a second, at most 1 at once. A call passes again at 2026-11-24T12:00:02.000Z: wait as many seconds as Retry-After says.",
    showClause: true,
    retryAfterSeconds: 2,
  });
});

test("a call waits for the store only when no slice of a quota is in hand, and the quota is exact", async () => {
  const from = limits();
  const to = access({ quota_day: 40n, quota_month: 1_000n });
  const first = takeFromLimit(testCall(), to, {}, from);
  expect(first).toBeInstanceOf(Promise);
  await first;
  expect(takeFromLimit(testCall(), to, {}, from)).toBeUndefined();
  const verdicts = [];
  for (let i = 0; i < 40; i += 1) verdicts.push(await refusalOf(() => takeFromLimit(testCall(), to, {}, from)));
  expect(verdicts.filter((verdict) => verdict === "passed")).toHaveLength(38);
  expect(verdicts.at(-1)).toBe("too-many-requests quota-day");
});

test("with the store away the slice in hand is served, then 503", async () => {
  const store = { away: false };
  const from = limits(store);
  const to = access({ quota_month: 64n });
  await takeFromLimit(testCall(), to, {}, from);
  store.away = true;
  expect(await refusalOf(() => takeFromLimit(testCall(), to, {}, from))).toBe("passed");
  expect(await refusalOf(() => takeFromLimit(testCall(), to, {}, from))).toBe("store-away quota-slice");
});

test("a publishable access is limited by address and by target, and by the day even where its license is silent", async () => {
  const from = limits();
  const to = access({ rate_per_second: "1000.000", burst: 1000 }, "publishable");
  const take = (address: string, target: string) => refusalOf(() => takeFromLimit(testCall({ address }), to, { values: [target] }, from));
  const one = [];
  for (let i = 0; i < 11; i += 1) one.push(await take(`10.0.0.${i}`, "7"));
  expect(one.slice(9)).toEqual(["passed", "too-many-requests limit-target"]);
  const same = [];
  for (let i = 0; i < 21; i += 1) same.push(await take("10.1.0.1", String(100 + i)));
  expect(same.slice(19)).toEqual(["passed", "too-many-requests limit-address"]);
  const headers = limitHeaders(to, { allowed: true, remaining: 1, retryAfterUs: 0, fullAfterUs: 0 }, from.quotas);
  expect(headers[1]).toBe('"license";q=1000;w=1, "day";q=10000;w=86400');
});

test("one address, with as many as an IPv6 network holds, cannot empty the bucket of a publishable access", async () => {
  const from = limits();
  const to = access({ rate_per_second: "1.000", burst: 50 }, "publishable");
  const take = (address: string) => refusalOf(() => takeFromLimit(testCall({ address }), to, {}, from));
  const verdicts = [];
  for (let i = 0; i < 200; i += 1) verdicts.push(await take(`2001:db8::${i.toString(16)}`));
  expect(verdicts.filter((verdict) => verdict === "passed")).toHaveLength(20);
  expect(await take("2001:db8:0:1::1")).toBe("passed");
});

test("an object has one bucket, however its name is escaped", async () => {
  const from = limits();
  const to = access({ rate_per_second: "1000.000", burst: 1000 }, "publishable");
  const spellings = ["12", "%312", "1%32", "%31%32"];
  const verdicts = [];
  for (let i = 0; i < 12; i += 1)
    verdicts.push(
      await refusalOf(() => takeFromLimit(testCall({ address: `10.0.0.${i}` }), to, { values: [spellings[i % 4] ?? ""] }, from)),
    );
  expect(verdicts.slice(9)).toEqual(["passed", "too-many-requests limit-target", "too-many-requests limit-target"]);
});

test("a node that holds no share refuses with 503: another one may serve", async () => {
  const shares = new ShareHistory({ range: noRange, emptyAtUs: 0, usableUntilUs: Number.POSITIVE_INFINITY });
  const from = { ...limits(), buckets: createBucketStore(shares) };
  expect(await refusalOf(() => takeFromLimit(testCall(), access({}), {}, from))).toBe("store-away limit-share");
  expect(await refusalOf(() => takeFromLimit(testCall(), access({}, "publishable"), {}, from))).toBe("store-away limit-share");
});

test("the headers are structured fields: for the bucket quota, window, remaining and wait, for quotas what is known to be left", async () => {
  const full = { allowed: true, remaining: 10, retryAfterUs: 0, fullAfterUs: 0 };
  const plain = access({ rate_per_second: "2.500", burst: 10 });
  expect(limitHeaders(plain, full, limits().quotas)).toEqual(["ratelimit-policy", '"license";q=10;w=4', "ratelimit", '"license";r=10;t=0']);
  const empty = { allowed: false, remaining: 0, retryAfterUs: 400_000, fullAfterUs: 4_000_000 };
  expect(limitHeaders(plain, empty, limits().quotas)[3]).toBe('"license";r=0;t=1');
  const from = limits();
  const counted = access({ rate_per_second: "2.500", burst: 10, quota_day: 1_000n, quota_month: 9_000n });
  await takeFromLimit(testCall(), counted, {}, from);
  expect(limitHeaders(counted, full, from.quotas)).toEqual([
    "ratelimit-policy",
    '"license";q=10;w=4, "day";q=1000;w=86400, "month";q=9000',
    "ratelimit",
    '"license";r=10;t=0, "day";r=999;t=86400, "month";r=8999;t=86400',
  ]);
});
