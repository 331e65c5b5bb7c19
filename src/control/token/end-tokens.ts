import { type RawBuilder, sql } from "kysely";
import type { Tx } from "../../db/database.ts";

/** What the tokens to end hang on. */
export type Below = { below: "access" | "client" | "license" | "partner"; id: string };

/**
 * Ends every live and retiring token below an access, client, license or partner, for good, and tells how many. For
 * verbs that end what they hang on; the caller writes the audit entry in the same transaction.
 */
export async function endTokens(tx: Tx, end: { tenantId: string; now: Date; reason: string }, of: Below): Promise<number> {
  const done = await sql`
    UPDATE aqueduto.token SET state = 'ended', ended_at = ${end.now}, ended_reason = ${end.reason}
     WHERE tenant_id = ${end.tenantId} AND state IN ('live', 'retiring')
       AND access_id IN (SELECT a.access_id FROM aqueduto.access a WHERE a.tenant_id = ${end.tenantId} AND ${hangsOn(end.tenantId, of)})
  `.execute(tx);
  return Number(done.numAffectedRows ?? 0n);
}

function hangsOn(tenantId: string, of: Below): RawBuilder<unknown> {
  switch (of.below) {
    case "access":
      return sql`a.access_id = ${of.id}`;
    case "client":
      return sql`a.client_id = ${of.id}`;
    case "license":
      return sql`a.license_id = ${of.id}`;
    case "partner":
      return sql`a.license_id IN (SELECT l.license_id FROM aqueduto.license l WHERE l.tenant_id = ${tenantId} AND l.partner_id = ${of.id})`;
  }
}
