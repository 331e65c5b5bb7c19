import { sql } from "kysely";
import { appendAdminEntry } from "../../audit/append.ts";
import { AppError } from "../../contract/errors.ts";
import type { ProcessingRow } from "../../contract/processing-record.ts";
import type { Tx } from "../../db/database.ts";
import { tenantTx } from "../../db/tx.ts";
import type { ActionContext } from "../context.ts";
import { requireWholeTenant } from "../partner-scope.ts";
import { requireScope } from "../require-scope.ts";
import { approvalText } from "./approval.ts";
import { parsePeriod, type Period } from "./period.ts";
import { rowsOfVersion } from "./rows.ts";
import { readVolumes, type Volumes } from "./volumes.ts";

const pageSize = 200;
/** Versions of licenses in one export; each gives a row per operation and event type. */
const mostVersions = 20_000;

export type LicenseVersionRow = {
  license_id: string;
  version: number;
  content: unknown;
  current: boolean;
  license_state: string;
  partner_id: string;
  partner_name: string;
  published_at: Date | null;
  /** When the version after it was published, and the events that one grants; null = there is none. */
  superseded_at: Date | null;
  next_events: unknown;
};

/**
 * The record of processing of a period: every version of a license that was in force with calls or deliveries in it, the
 * published ones with a term that touches it, and event types that a version held in it and the next one dropped. Read license by license, so that memory does
 * not grow with their number. That it was taken is in the admin log before the first row leaves.
 */
export async function* exportProcessingRecord(ctx: ActionContext, input: { from: string; to?: string }): AsyncGenerator<ProcessingRow> {
  const { period, volumes, approval } = await openRecord(ctx, input);
  for (let after = { license_id: "", version: 0 }; ;) {
    const versions = await readVersions(ctx, after);
    for (const version of versions) yield* await rowsFor(ctx, { version, period, volumes, approval });
    const last = versions.at(-1);
    if (last === undefined || versions.length < pageSize) return;
    after = last;
  }
}

async function openRecord(ctx: ActionContext, input: { from: string; to?: string }) {
  requireScope(ctx, "privacy:read");
  requireWholeTenant(ctx);
  const period = parsePeriod(input);
  return tenantTx(ctx.db, ctx.tenantId, async (tx) => {
    await requireBound(tx, ctx.tenantId);
    const volumes = await readVolumes(tx, ctx.tenantId, period);
    const approval = await approvalText(tx, ctx.tenantId);
    await appendAdminEntry(tx, ctx, {
      action: "processing_record.export",
      target: { kind: "tenant", id: ctx.tenantId },
      detail: { from: period.from.toISOString(), to: period.to.toISOString() },
    });
    return { period, volumes, approval };
  });
}

async function requireBound(tx: Tx, tenantId: string): Promise<void> {
  const { rows } = await sql<{ count: bigint }>`SELECT count(*) AS count FROM aqueduto.license_version
    WHERE tenant_id = ${tenantId} AND state IN ('published', 'superseded')`.execute(tx);
  if ((rows[0]?.count ?? 0n) > BigInt(mostVersions)) throw new AppError("invalid-field", "more license versions than one export may hold");
}

async function readVersions(ctx: ActionContext, after: { license_id: string; version: number }): Promise<LicenseVersionRow[]> {
  const { rows } = await tenantTx(ctx.db, ctx.tenantId, (tx) =>
    sql<LicenseVersionRow>`
      SELECT v.license_id, v.version, v.content, v.state = 'published' AS current, l.state AS license_state, l.partner_id, p.name AS partner_name,
             v.published_at, n.published_at AS superseded_at, n.content -> 'events' AS next_events
        FROM aqueduto.license_version v
        JOIN aqueduto.license l ON (l.tenant_id, l.license_id) = (v.tenant_id, v.license_id)
        JOIN aqueduto.partner p ON (p.tenant_id, p.partner_id) = (l.tenant_id, l.partner_id)
        LEFT JOIN LATERAL (
          SELECT published_at, content FROM aqueduto.license_version
           WHERE tenant_id = v.tenant_id AND license_id = v.license_id AND version > v.version AND state IN ('published', 'superseded')
           ORDER BY version LIMIT 1) n ON true
       WHERE v.tenant_id = ${ctx.tenantId} AND v.state IN ('published', 'superseded')
         AND (v.license_id, v.version) > (${after.license_id}, ${after.version})
       ORDER BY v.license_id, v.version
       LIMIT ${pageSize}`.execute(tx),
  );
  return rows;
}

type RowsFrom = { version: LicenseVersionRow; period: Period; volumes: Volumes; approval: string };

async function rowsFor(ctx: ActionContext, from: RowsFrom): Promise<ProcessingRow[]> {
  return tenantTx(ctx.db, ctx.tenantId, (tx) => rowsOfVersion(tx, ctx.tenantId, from));
}
