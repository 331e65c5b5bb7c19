import { sql, type Selectable } from "kysely";
import type { License } from "../../contract/license.ts";
import type { Tx } from "../../db/database.ts";
import type { JsonValue, License as LicenseTable } from "../../db/types.generated.ts";
import { approvalModeOf } from "../approval-mode/get.ts";
import type { ActionContext } from "../context.ts";
import { isoOrNull } from "../instants.ts";
import { shownPeople } from "./people.ts";
import { openStates, storedContent, type VersionRow } from "./version-row.ts";

export const licenseColumns = [
  "license_id",
  "partner_id",
  "name",
  "version",
  "state",
  "state_reason",
  "state_at",
  "state_by",
  "purpose",
  "legal_basis",
  "starts_at",
  "ends_at",
  "rate_per_second",
  "burst",
  "created_at",
] as const;

export type LicenseRow = Pick<Selectable<LicenseTable>, (typeof licenseColumns)[number]>;
type Shown = Pick<VersionRow, "license_id" | "version" | "content" | "responsible_sealed" | "encarregado_sealed">;
type Reader = Pick<ActionContext, "tenantId" | "keyring" | "scopes">;

/** The licenses of these rows as the asker may see them, each with its operations and events in force. */
export async function licensesOf(tx: Tx, ctx: Reader, rows: readonly LicenseRow[]): Promise<License[]> {
  if (rows.length === 0) return [];
  const ids = rows.map((row) => row.license_id);
  const grants = await grantsOf(tx, ctx.tenantId, ids);
  const versions = await versionsShown(tx, ctx.tenantId, ids);
  const open = await openVersions(tx, ctx.tenantId, ids);
  const approval_mode = await approvalModeOf(tx, ctx.tenantId);
  return rows.map((row) => {
    const version = versions.get(row.license_id);
    return {
      ...storedContent(version?.content ?? {}),
      ...row,
      state_at: isoOrNull(row.state_at),
      starts_at: row.starts_at.toISOString(),
      ends_at: row.ends_at.toISOString(),
      created_at: row.created_at.toISOString(),
      rate_per_second: Number(row.rate_per_second),
      ...grants(row.license_id),
      ...(version === undefined ? { responsible: null, encarregado: null, people_hidden: false } : shownPeople(ctx, version)),
      open_version: open.get(row.license_id) ?? null,
      approval_mode,
    };
  });
}

async function grantsOf(tx: Tx, tenantId: string, ids: readonly string[]): Promise<(id: string) => Pick<License, "operations" | "events">> {
  const operations = await tx
    .selectFrom("license_operation")
    .select(["license_id", "operation_id", "projection", "fields"])
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
  return (id) => ({
    operations: (operationsOf.get(id) ?? []).map((grant) => ({
      operation_id: grant.operation_id,
      projection: storedProjection(grant.projection),
      ...(grant.fields === null ? {} : { fields: grant.fields }),
    })),
    events: (eventsOf.get(id) ?? []).map(({ event_type, variant }) => ({ event_type, variant })),
  });
}

/** The published version of each, or where none is, the newest. */
async function versionsShown(tx: Tx, tenantId: string, ids: readonly string[]): Promise<Map<string, Shown>> {
  const rows = await tx
    .selectFrom("license_version")
    .distinctOn("license_id")
    .select(["license_id", "version", "content", "responsible_sealed", "encarregado_sealed"])
    .where("tenant_id", "=", tenantId)
    .where("license_id", "in", ids)
    .orderBy("license_id")
    .orderBy(sql`state = 'published'`, "desc")
    .orderBy("version", "desc")
    .execute();
  return new Map(rows.map((row) => [row.license_id, row]));
}

async function openVersions(tx: Tx, tenantId: string, ids: readonly string[]): Promise<Map<string, License["open_version"]>> {
  const rows = await tx
    .selectFrom("license_version")
    .select(["license_id", "version", "state"])
    .where("tenant_id", "=", tenantId)
    .where("license_id", "in", ids)
    .where("state", "in", openStates)
    .execute();
  return new Map(rows.map(({ license_id, version, state }) => [license_id, { version, state }]));
}

/** Projections are written by apply-content alone, after check-grants. */
function storedProjection(value: JsonValue): License["operations"][number]["projection"] {
  return value as License["operations"][number]["projection"];
}
