import { sql } from "kysely";
import type { Db, Tx } from "../db/database.ts";
import { platformTx } from "../db/tx.ts";
import type { JournalOwner } from "./journal-files.ts";
import type { NumberedLine } from "./journal-reader.ts";

/** What the store knows of a journal: entries 1..shipped are there. */
export type ShippedState = { shipped: number; closed: boolean };

/** Makes the journal known to the store and tells how far it got. */
export function registerJournal(db: Db, owner: JournalOwner): Promise<ShippedState> {
  return platformTx(db, async (tx) => {
    await sql`INSERT INTO aqueduto.journal (journal_id, node_id, opened_at)
      VALUES (${owner.journal_id}, ${owner.node_id}, ${owner.opened_at}) ON CONFLICT DO NOTHING`.execute(tx);
    const { rows } = await sql<{ shipped: string; closed: boolean }>`
      SELECT shipped_counter::text AS shipped, closed_at IS NOT NULL AS closed FROM aqueduto.journal
      WHERE journal_id = ${owner.journal_id}`.execute(tx);
    return { shipped: Number(rows[0]?.shipped ?? 0), closed: rows[0]?.closed ?? false };
  });
}

/** Partitions for the month of `at` (ISO 8601) and the two after it. */
export async function ensurePartitions(db: Db, at: string): Promise<void> {
  await platformTx(db, (tx) => sql`SELECT aqueduto.ensure_access_partitions(${at}::timestamptz)`.execute(tx));
}

/**
 * Inserts the lines, whose counters follow each other, and moves the journal's counter, in one transaction. False, and
 * nothing done, when the store is not where the first line begins: an earlier commit whose answer was lost, or another
 * shipper. The line's own JSON goes to the server as it is; `crc` has no column.
 */
export function shipBatch(db: Db, journalId: string, lines: readonly NumberedLine[]): Promise<boolean> {
  const first = lines[0];
  const last = lines.at(-1);
  if (first === undefined || last === undefined) return Promise.resolve(true);
  return platformTx(db, async (tx) => {
    const moved = await sql`UPDATE aqueduto.journal SET shipped_counter = ${last.counter}
      WHERE journal_id = ${journalId} AND shipped_counter = ${first.counter - 1}`.execute(tx);
    if (moved.numAffectedRows !== 1n) return false;
    await sql`
      INSERT INTO aqueduto.access_entry (journal_id, counter, at, entry_id, phase, tenant_id, partner_id, license_id,
        license_version, client_id, access_id, token_id, operation_id, method, route, status, code, clause, request_id,
        bytes, duration_ms, count, network, ip_sealed, agent_sealed)
      SELECT ${journalId}, n, at, entry_id, phase, tenant_id, partner_id, license_id,
        license_version, client_id, access_id, token_id, operation_id, method, route, status, code, clause, request_id,
        bytes, duration_ms, count, network, decode(ip_sealed, 'base64'), decode(agent_sealed, 'base64')
      FROM json_to_recordset(${`[${lines.map((line) => line.text).join(",")}]`}::json) AS line (n bigint, at timestamptz,
        entry_id text, phase text, tenant_id text, partner_id text, license_id text, license_version integer,
        client_id text, access_id text, token_id text, operation_id text, method text, route text, status integer,
        code text, clause text, request_id text, bytes bigint, duration_ms bigint, count bigint, network text,
        ip_sealed text, agent_sealed text)`.execute(tx);
    await indexSubjects(tx, lines);
    return true;
  });
}

/** The persons that these records name, beside the log: their rows can be deleted, its entries cannot. */
async function indexSubjects(tx: Tx, lines: readonly NumberedLine[]): Promise<void> {
  const naming = lines.filter((line) => line.text.includes('"subjects":'));
  if (naming.length === 0) return;
  await sql`INSERT INTO aqueduto.subject_index (tenant_id, subject_hash, at, entry_id)
    SELECT tenant_id, decode(hash, 'hex'), at, entry_id
      FROM json_to_recordset(${`[${naming.map((line) => line.text).join(",")}]`}::json)
        AS line (at timestamptz, entry_id text, tenant_id text, subjects text),
        unnest(string_to_array(subjects, ',')) AS hash
     WHERE tenant_id IS NOT NULL
    ON CONFLICT DO NOTHING`.execute(tx);
}

/** The journal has ended and all of it is in the store. `recovered`: its process died without the closing line. */
export async function closeShippedJournal(db: Db, journalId: string, at: Date, recovered: boolean): Promise<void> {
  await platformTx(db, (tx) =>
    sql`UPDATE aqueduto.journal SET closed_counter = shipped_counter, closed_at = ${at}, recovered = ${recovered}
      WHERE journal_id = ${journalId} AND closed_at IS NULL`.execute(tx),
  );
}
