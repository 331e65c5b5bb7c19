import { expect, test } from "vitest";
import { compile, onlyAccess, refusalOf } from "../testing/test-call.ts";
import { makeToken, now, policyRows, tokenRow } from "../testing/test-policy.ts";
import type { SwitchRow } from "../policy/policy-rows.ts";
import { checkSwitches } from "./check-switches.ts";
import { validityFault } from "./check-validity.ts";

function policyUnder(level: SwitchRow["level"], target_id: string, tenant_id = "ten_a") {
  const policy = compile(policyRows({}, { tokens: [tokenRow(makeToken())], switches: [{ tenant_id, level, target_id }] }));
  return { policy, license: onlyAccess(policy).license };
}

function verdict(level: SwitchRow["level"], target: string, tenant?: string): Promise<string> {
  const { policy, license } = policyUnder(level, target, tenant);
  const grant = license.grants.get("getLocality");
  if (grant === undefined) throw new Error("the license grants getLocality");
  return refusalOf(() => checkSwitches(license, grant, policy));
}

test("a switched-off service and a switched-off tenant answer 503 to what the license grants", async () => {
  expect(await verdict("service", "svc_a")).toBe("switched-off service-switched-off");
  expect(await verdict("all", "")).toBe("switched-off all-switched-off");
  expect(await verdict("service", "svc_b")).toBe("passed");
  expect(await verdict("all", "", "ten_b")).toBe("passed");
});

test("a switched-off license is not in force, whatever its state and dates", () => {
  expect(validityFault(policyUnder("license", "lic_a").license, now.getTime())).toBe("license-switched-off");
  expect(validityFault(policyUnder("license", "lic_b").license, now.getTime())).toBeUndefined();
});
