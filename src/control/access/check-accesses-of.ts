import type { Tx } from "../../db/database.ts";
import { kindFault, type KindFault, type Opened } from "./check-kind.ts";

/** An access that does not fit what its license opens. */
export type BrokenAccess = KindFault & { access_id: string; client_id: string };

/**
 * The accesses of a license, not revoked, that what it opens would break: publishable ones that would reach operations or
 * classes not for them, confidential ones that would reach personal data without an enforced second factor. Of the
 * license as it stands in this transaction, or of `operations` when they are given. In the order of their ids.
 */
export async function checkAccessesOf(
  tx: Tx,
  tenantId: string,
  licenseId: string,
  operations?: Opened["operations"],
): Promise<BrokenAccess[]> {
  const opened = await openedBy(tx, tenantId, operations ?? (await grantsOf(tx, tenantId, licenseId)));
  const accesses = await tx
    .selectFrom("access")
    .select(["access_id", "client_id", "kind", "mode", "cidrs", "origins", "certificate_sha256", "signature_key"])
    .where("tenant_id", "=", tenantId)
    .where("license_id", "=", licenseId)
    .where("state", "<>", "revoked")
    .orderBy("access_id")
    .execute();
  return accesses.flatMap(({ access_id, client_id, certificate_sha256, signature_key, ...access }) => {
    const fault = kindFault({ ...access, ...opened, storedFactor: certificate_sha256 !== null || signature_key !== null });
    return fault === undefined ? [] : [{ access_id, client_id, ...fault }];
  });
}

/** What a license opens, as the kinds of its accesses see it. */
export async function openedByLicense(tx: Tx, tenantId: string, licenseId: string): Promise<Opened> {
  return openedBy(tx, tenantId, await grantsOf(tx, tenantId, licenseId));
}

/** What these grants open. */
export async function openedBy(tx: Tx, tenantId: string, operations: Opened["operations"]): Promise<Opened> {
  const ids = operations.map((operation) => operation.operation_id);
  if (ids.length === 0) return { operations, unpublishable: [] };
  const rows = await tx
    .selectFrom("operation")
    .select("operation_id")
    .where("tenant_id", "=", tenantId)
    .where("operation_id", "in", ids)
    .where("publishable", "=", false)
    .orderBy("operation_id")
    .execute();
  return { operations, unpublishable: rows.map((row) => row.operation_id) };
}

async function grantsOf(tx: Tx, tenantId: string, licenseId: string): Promise<Opened["operations"]> {
  const rows = await tx
    .selectFrom("license_operation")
    .select(["operation_id", "projection"])
    .where("tenant_id", "=", tenantId)
    .where("license_id", "=", licenseId)
    .orderBy("operation_id")
    .execute();
  return rows.map((row) => ({ operation_id: row.operation_id, projection: storedProjection(row.projection) }));
}

/** Projections are written by control alone, after check-grants. */
function storedProjection(value: unknown): Opened["operations"][number]["projection"] {
  return value as Opened["operations"][number]["projection"];
}
