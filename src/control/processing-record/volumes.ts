import { sql } from "kysely";
import { AppError } from "../../contract/errors.ts";
import type { Tx } from "../../db/database.ts";
import type { Period } from "./period.ts";

export type Volume = { answered: number; refused: number; first_at: Date | null; last_at: Date | null };

/**
 * Calls by license version and operation, and delivered events by license version and type; as far as the store still has
 * them. A delivery is of the version that was in force when it was made.
 */
export type Volumes = { calls: ReadonlyMap<string, Volume>; events: ReadonlyMap<string, Volume> };

const mostGroups = 100_000;

type CallRow = Volume & { license_id: string; license_version: number | null; operation_id: string };
type EventRow = Volume & { license_id: string; license_version: number | null; type: string };

export function volumeKey(...parts: (string | number | null)[]): string {
  return JSON.stringify(parts);
}

/** Counts in the store, in at most a minute. */
export async function readVolumes(tx: Tx, tenantId: string, { from, to }: Period): Promise<Volumes> {
  await sql`SET LOCAL statement_timeout = '60s'`.execute(tx);
  const calls = await sql<CallRow>`
    SELECT license_id, license_version, operation_id,
           count(*) FILTER (WHERE status BETWEEN 200 AND 299)::float8 AS answered,
           count(*) FILTER (WHERE status >= 300)::float8 AS refused, min(at) AS first_at, max(at) AS last_at
      FROM aqueduto.access_entry
     WHERE tenant_id = ${tenantId} AND at >= ${from} AND at < ${to} AND phase = 'answer'
       AND license_id IS NOT NULL AND operation_id IS NOT NULL
     GROUP BY license_id, license_version, operation_id
     LIMIT ${mostGroups + 1}`.execute(tx);
  const events = await sql<EventRow>`
    WITH published AS (
      SELECT license_id, version, published_at AS since,
             lead(published_at, 1, 'infinity') OVER (PARTITION BY license_id ORDER BY version) AS until
        FROM aqueduto.license_version
       WHERE tenant_id = ${tenantId} AND state IN ('published', 'superseded'))
    SELECT w.license_id, coalesce(p.version, l.version) AS license_version, d.type,
           sum(cardinality(d.event_ids))::float8 AS answered, 0::float8 AS refused, min(d.ended_at) AS first_at, max(d.ended_at) AS last_at
      FROM aqueduto.delivery d
      JOIN aqueduto.webhook w ON (w.tenant_id, w.webhook_id) = (d.tenant_id, d.webhook_id)
      JOIN aqueduto.license l ON (l.tenant_id, l.license_id) = (w.tenant_id, w.license_id)
      LEFT JOIN published p ON p.license_id = w.license_id AND p.since <= d.created_at AND d.created_at < p.until
     WHERE d.tenant_id = ${tenantId} AND d.ended_at >= ${from} AND d.ended_at < ${to} AND d.state = 'delivered'
     GROUP BY w.license_id, 2, d.type
     LIMIT ${mostGroups + 1}`.execute(tx);
  if (calls.rows.length > mostGroups || events.rows.length > mostGroups)
    throw new AppError("invalid-field", "this period holds too much for one export; ask for a shorter one", { pointer: "/body/from" });
  return {
    calls: new Map(calls.rows.map((row) => [volumeKey(row.license_id, row.license_version, row.operation_id), row])),
    events: new Map(events.rows.map((row) => [volumeKey(row.license_id, row.license_version, row.type), row])),
  };
}
