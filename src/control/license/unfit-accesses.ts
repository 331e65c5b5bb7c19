import { sql } from "kysely";
import type { LicenseContent } from "../../contract/license-content.ts";
import type { Tx } from "../../db/database.ts";
import { checkAccessesOf } from "../access/check-accesses-of.ts";
import { bindingFault } from "./binding-fault.ts";

/**
 * Ids of the license's accesses (but revoked ones) that a version would leave without what it demands: a second factor
 * where it shows personal data, publishable operations alone, its bindings.
 */
export async function unfitAccesses(tx: Tx, of: { tenantId: string; licenseId: string }, content: LicenseContent): Promise<string[]> {
  const broken = await checkAccessesOf(tx, of.tenantId, of.licenseId, content.operations);
  const rows = await tx
    .selectFrom("access")
    .select(["access_id", "kind", "mode", "origins", "certificate_sha256"])
    .select(sql<string[]>`cidrs::text[]`.as("cidrs"))
    .where("tenant_id", "=", of.tenantId)
    .where("license_id", "=", of.licenseId)
    .where("state", "!=", "revoked")
    .execute();
  const unbound = rows.filter((row) => bindingFault(content.bindings, { ...row, certificate: row.certificate_sha256?.toString("hex") }));
  return [...new Set([...broken, ...unbound].map((access) => access.access_id))].toSorted();
}
