import { sql } from "kysely";
import type { LicenseContent } from "../../contract/license-content.ts";
import type { Tx } from "../../db/database.ts";
import { checkAccessesOf } from "../access/check-accesses-of.ts";
import { bindingFault } from "./binding-fault.ts";

/** An access and what of the license it lacks. */
export type UnfitAccess = { access_id: string; detail: string };

/**
 * The license's accesses (but revoked ones) that a version would leave without what it demands: a second factor where it
 * shows personal data, publishable operations alone, its bindings. By id, each with the first thing that it lacks.
 */
export async function unfitAccesses(tx: Tx, of: { tenantId: string; licenseId: string }, content: LicenseContent): Promise<UnfitAccess[]> {
  const broken = await checkAccessesOf(tx, of.tenantId, of.licenseId, content.operations);
  const rows = await tx
    .selectFrom("access")
    .select(["access_id", "kind", "mode", "origins", "certificate_sha256"])
    .select(sql<string[]>`cidrs::text[]`.as("cidrs"))
    .where("tenant_id", "=", of.tenantId)
    .where("license_id", "=", of.licenseId)
    .where("state", "!=", "revoked")
    .execute();
  const unbound = rows.flatMap(({ access_id, certificate_sha256, ...access }) => {
    const fault = bindingFault(content.bindings, { ...access, certificate: certificate_sha256?.toString("hex") });
    return fault === undefined ? [] : [{ access_id, detail: fault.detail }];
  });
  // of two faults of one access the later in this list is told
  const unfit = new Map([...unbound, ...broken].map(({ access_id, detail }) => [access_id, { access_id, detail }]));
  return [...unfit.values()].toSorted((a, b) => (a.access_id < b.access_id ? -1 : 1));
}
