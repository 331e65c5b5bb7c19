import type { Selectable } from "kysely";
import type { License } from "../../contract/license.ts";
import type { Tx } from "../../db/database.ts";
import type { JsonValue, License as LicenseTable } from "../../db/types.generated.ts";

export const licenseColumns = [
  "license_id",
  "partner_id",
  "name",
  "version",
  "state",
  "purpose",
  "legal_basis",
  "starts_at",
  "ends_at",
  "rate_per_second",
  "burst",
  "created_at",
] as const;

export type LicenseRow = Pick<Selectable<LicenseTable>, (typeof licenseColumns)[number]>;

/** The licenses of these rows, each with its operations and events. */
export async function licensesOf(tx: Tx, tenantId: string, rows: readonly LicenseRow[]): Promise<License[]> {
  if (rows.length === 0) return [];
  const ids = rows.map((row) => row.license_id);
  const operations = await tx
    .selectFrom("license_operation")
    .select(["license_id", "operation_id", "projection"])
    .where("tenant_id", "=", tenantId)
    .where("license_id", "in", ids)
    .orderBy("operation_id")
    .execute();
  const events = await tx
    .selectFrom("license_event")
    .select(["license_id", "event_type", "variant"])
    .where("tenant_id", "=", tenantId)
    .where("license_id", "in", ids)
    .orderBy("event_type")
    .execute();
  const operationsOf = Map.groupBy(operations, (row) => row.license_id);
  const eventsOf = Map.groupBy(events, (row) => row.license_id);
  return rows.map((row) => ({
    ...row,
    starts_at: row.starts_at.toISOString(),
    ends_at: row.ends_at.toISOString(),
    created_at: row.created_at.toISOString(),
    rate_per_second: Number(row.rate_per_second),
    operations: (operationsOf.get(row.license_id) ?? []).map((grant) => ({
      operation_id: grant.operation_id,
      projection: storedProjection(grant.projection),
    })),
    events: (eventsOf.get(row.license_id) ?? []).map(({ event_type, variant }) => ({ event_type, variant })),
  }));
}

/** Projections are written by create alone, after check-grants. */
function storedProjection(value: JsonValue): License["operations"][number]["projection"] {
  return value as License["operations"][number]["projection"];
}
