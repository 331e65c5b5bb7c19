import type { LicensePolicy } from "../policy/snapshot.ts";
import { Refusal } from "../refusal.ts";

/** Step 5: the license is active and within its dates, by the clock of the call. The partner knows its own license, so the clause is told. */
export function checkValidity(license: LicensePolicy, nowMs: number): void {
  const clause = validityFault(license, nowMs);
  if (clause === undefined) return;
  const { licenseId, version } = license;
  throw new Refusal("forbidden", {
    clause,
    detail: `License ${licenseId}, version ${version}, ${saysOf(license, clause)}`,
    showClause: true,
  });
}

/** What the license's own dates and state say, and what would allow the call. */
function saysOf(license: LicensePolicy, clause: string): string {
  switch (clause) {
    case "license-ended":
      return license.state === "ended"
        ? "was ended. Ask the utility for a new license."
        : `ended at ${instant(license.endsAtMs)}. A version with a later end would allow this: ask the utility for one.`;
    case "license-not-started":
      return `begins at ${instant(license.startsAtMs)}. A call passes from then on.`;
    case "license-suspended":
      return "is suspended. A call passes when the utility resumes it.";
    case "license-switched-off":
      return "was switched off by the utility. It says when it is back.";
    default:
      return "is not in force yet. A call passes when it is approved and published.";
  }
}

function instant(ms: number): string {
  return Number.isFinite(ms) ? new Date(ms).toISOString() : "a time that is not set";
}

/** Why a license is not in force at an instant; undefined when it is. */
export function validityFault(license: LicensePolicy, nowMs: number): string | undefined {
  if (license.switchedOff) return "license-switched-off";
  if (license.state === "suspended") return "license-suspended";
  if (license.state === "ended" || nowMs >= license.endsAtMs) return "license-ended";
  if (license.state !== "active") return "license-not-active";
  return nowMs < license.startsAtMs ? "license-not-started" : undefined;
}
