import { type RawBuilder, sql } from "kysely";
import type { KillLevel } from "../../contract/kill-switch.ts";
import type { Tx } from "../../db/database.ts";
import { showsPersonal } from "../access/check-kind.ts";
import { reachesPersonal } from "../license/changes.ts";
import { knownOperations } from "../license/known-operations.ts";

type Target = { tenantId: string; level: KillLevel; targetId: string };

/**
 * Whether giving the target back opens personal data: some license below it shows a personal class, holds an operation that
 * asks for personal data (a CPF in its request) or writes, or is sent events. A license in whatever state counts: what is
 * suspended today may be active tomorrow.
 */
export async function reopensPersonal(tx: Tx, target: Target): Promise<boolean> {
  const { rows } = await sql<{ operation_id: string; projection: Record<string, string> }>`
    SELECT DISTINCT g.operation_id, g.projection FROM aqueduto.license_operation g
     WHERE g.tenant_id = ${target.tenantId} AND ${below("g", target)}`.execute(tx);
  const known = await knownOperations(tx, target.tenantId);
  if (rows.some((row) => showsPersonal(row.projection) || reachesPersonal(known.get(row.operation_id)))) return true;
  if (target.level === "service") return false;
  const events = await sql`
    SELECT 1 FROM aqueduto.license_event e WHERE e.tenant_id = ${target.tenantId} AND ${below("e", target)} LIMIT 1`.execute(tx);
  return events.rows.length > 0;
}

function below(grant: "g" | "e", { tenantId, level, targetId }: Target): RawBuilder<unknown> {
  const license = sql.ref(`${grant}.license_id`);
  switch (level) {
    case "all":
      return sql`true`;
    case "license":
      return sql`${license} = ${targetId}`;
    case "partner":
      return sql`${license} IN (SELECT license_id FROM aqueduto.license WHERE tenant_id = ${tenantId} AND partner_id = ${targetId})`;
    case "access":
      return sql`${license} = (SELECT license_id FROM aqueduto.access WHERE tenant_id = ${tenantId} AND access_id = ${targetId})`;
    case "token":
      return sql`${license} = (SELECT a.license_id FROM aqueduto.access a JOIN aqueduto.token t USING (tenant_id, access_id)
                                WHERE t.tenant_id = ${tenantId} AND t.token_id = ${targetId})`;
    case "service":
      return sql`${sql.ref(`${grant}.operation_id`)} IN (SELECT operation_id FROM aqueduto.operation
                                                         WHERE tenant_id = ${tenantId} AND service_id = ${targetId})`;
  }
}
