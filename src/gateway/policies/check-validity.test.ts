import { expect, test } from "vitest";
import { compile, onlyAccess } from "../testing/test-call.ts";
import { licenseRow, makeToken, now, policyRows, tokenRow } from "../testing/test-policy.ts";
import { validityFault } from "./check-validity.ts";

function fault(license: Parameters<typeof licenseRow>[0], nowMs = now.getTime()): string | undefined {
  const snapshot = compile(policyRows({}, { tokens: [tokenRow(makeToken())], licenses: [licenseRow(license)] }));
  return validityFault(onlyAccess(snapshot).license, nowMs);
}

test("a license is in force from its first millisecond up to, not including, its end", () => {
  const dates = { starts_at: now, ends_at: new Date(now.getTime() + 10) };
  expect([-1, 0, 9, 10].map((ms) => fault(dates, now.getTime() + ms))).toEqual([
    "license-not-started",
    undefined,
    undefined,
    "license-ended",
  ]);
});

test("only an active license is in force", () => {
  expect((["draft", "submitted", "approved", "active", "suspended", "ended"] as const).map((state) => fault({ state }))).toEqual([
    "license-not-active",
    "license-not-active",
    "license-not-active",
    undefined,
    "license-suspended",
    "license-ended",
  ]);
});
