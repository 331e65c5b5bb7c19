import type { Grant, LicensePolicy, Snapshot } from "../policy/snapshot.ts";
import { isOff } from "../policy/switches.ts";
import { Refusal } from "../refusal.ts";

/**
 * Step 5: the kill switches of the whole tenant and of the operation's service. Told only for what the license grants,
 * so after the verdict on the operation. Those of token, access and partner are the uniform 401 of authenticate, that of
 * the license is its validity.
 */
export function checkSwitches(license: LicensePolicy, grant: Grant, policy: Snapshot): void {
  const clause = switchedOffBy(license.tenantId, grant.operation.service.serviceId, policy);
  if (clause !== undefined) throw switchedOff(clause);
}

/** Which switch of the whole tenant or of a service is on; undefined for none. */
export function switchedOffBy(tenantId: string, serviceId: string, policy: Snapshot): string | undefined {
  if (isOff(policy.switches, tenantId, "all", "")) return "all-switched-off";
  return isOff(policy.switches, tenantId, "service", serviceId) ? "service-switched-off" : undefined;
}

function switchedOff(clause: string): Refusal {
  return new Refusal("switched-off", { clause, detail: "The utility has switched this off. It says when it is back.", showClause: true });
}
