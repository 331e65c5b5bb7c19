import { expect, test } from "vitest";
import { createBucketStore } from "../limits/bucket-store.ts";
import { compile, onlyAccess, refusalOf, testCall } from "../testing/test-call.ts";
import { licenseRow, makeToken, policyRows, tokenRow } from "../testing/test-policy.ts";
import { limitHeaders, takeFromLimit } from "./take-from-limit.ts";

test("calls past the burst are refused until the bucket holds one, by the call's own clock", async () => {
  const licenses = [licenseRow({ rate_per_second: "0.001", burst: 1 })];
  const access = onlyAccess(compile(policyRows({}, { tokens: [tokenRow(makeToken())], licenses })));
  const buckets = createBucketStore();
  const at = (startedMs: number) => refusalOf(() => takeFromLimit(testCall({ startedMs }), access, buckets));
  expect([await at(0), await at(1), await at(999_999), await at(1_000_000)]).toEqual([
    "passed",
    "too-many-requests limit",
    "too-many-requests limit",
    "passed",
  ]);
});

test("the headers are structured fields with quota, window, remaining and wait", () => {
  const limit = { rateMilli: 2_500, burst: 10 };
  const full = { allowed: true, remaining: 10, retryAfterUs: 0, fullAfterUs: 0 };
  expect(limitHeaders(limit, full)).toEqual(["ratelimit-policy", '"license";q=10;w=4', "ratelimit", '"license";r=10;t=0']);
  const empty = { allowed: false, remaining: 0, retryAfterUs: 400_000, fullAfterUs: 4_000_000 };
  expect(limitHeaders(limit, empty)).toEqual(["ratelimit-policy", '"license";q=10;w=4', "ratelimit", '"license";r=0;t=1']);
});
