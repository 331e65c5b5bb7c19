import type { LicensePolicy } from "../policy/snapshot.ts";
import { Refusal } from "../refusal.ts";

/** Step 5: the license is active and within its dates, by the clock of the call. The partner knows its own license, so the clause is told. */
export function checkValidity(license: LicensePolicy, nowMs: number): void {
  const clause = validityFault(license, nowMs);
  if (clause === undefined) return;
  throw new Refusal("forbidden", { clause, detail: "The license is not in force.", showClause: true });
}

/** Why a license is not in force at an instant; undefined when it is. */
export function validityFault(license: LicensePolicy, nowMs: number): string | undefined {
  if (license.switchedOff) return "license-switched-off";
  if (license.state === "suspended") return "license-suspended";
  if (license.state === "ended" || nowMs >= license.endsAtMs) return "license-ended";
  if (license.state !== "active") return "license-not-active";
  return nowMs < license.startsAtMs ? "license-not-started" : undefined;
}
