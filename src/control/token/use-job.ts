import { sql } from "kysely";
import type { Db, Tx } from "../../db/database.ts";
import { platformTx } from "../../db/tx.ts";
import type { Log } from "../../platform/log.ts";
import { startRepeating } from "../../platform/repeat.ts";

const everyMs = 2_000;
/** Entries of one journal in one transaction, at most. */
const batch = 20_000;

/**
 * Brings token_use up to what the journals have shipped: one statement per journal, exactly once, beside the shipper
 * and never in its way. Several processes may run it: a journal that another one reads is left to it. Returns how many
 * entries were read. It is the platform's bookkeeping of calls that the audit already holds, so it is no audit entry.
 */
// oxlint-disable-next-line aqueduto/guarded-verb, aqueduto/audited-verb -- a job that counts calls which the access log already holds; nobody asks for it
export async function gatherTokenUse(db: Db): Promise<number> {
  const journals = await platformTx(db, async (tx) => {
    const { rows } = await sql<{ journal_id: string }>`
      SELECT j.journal_id FROM aqueduto.journal j LEFT JOIN aqueduto.token_use_mark m USING (journal_id)
       WHERE j.shipped_counter > coalesce(m.counter, 0) ORDER BY j.opened_at`.execute(tx);
    return rows;
  });
  let read = 0;
  for (const { journal_id } of journals) {
    let got = await gatherJournal(db, journal_id);
    for (read += got; got === batch; read += got) got = await gatherJournal(db, journal_id);
  }
  return read;
}

function gatherJournal(db: Db, journalId: string): Promise<number> {
  return platformTx(db, async (tx) => {
    await sql`INSERT INTO aqueduto.token_use_mark VALUES (${journalId}, 0) ON CONFLICT DO NOTHING`.execute(tx);
    const { rows } = await sql<{ from: bigint; to: bigint }>`
      SELECT m.counter AS from, least(j.shipped_counter, m.counter + ${batch}) AS to
        FROM aqueduto.token_use_mark m JOIN aqueduto.journal j USING (journal_id)
       WHERE m.journal_id = ${journalId} FOR UPDATE OF m SKIP LOCKED`.execute(tx);
    const [range] = rows;
    if (range === undefined || range.to <= range.from) return 0;
    await addUses(tx, journalId, range);
    await sql`UPDATE aqueduto.token_use_mark SET counter = ${range.to} WHERE journal_id = ${journalId}`.execute(tx);
    return Number(range.to - range.from);
  });
}

/** Adds the answers of these entries, per token and operation: how many, and the latest of them. */
async function addUses(tx: Tx, journalId: string, range: { from: bigint; to: bigint }): Promise<void> {
  await sql`
    INSERT INTO aqueduto.token_use AS u (tenant_id, token_id, operation_id, calls, first_at, last_at, last_status, entry_id, ip_sealed, agent_sealed)
    SELECT DISTINCT ON (e.tenant_id, e.token_id, coalesce(e.operation_id, ''))
           e.tenant_id, e.token_id, coalesce(e.operation_id, ''), count(*) OVER calls, min(e.at) OVER calls, e.at, e.status, e.entry_id,
           e.ip_sealed, e.agent_sealed
      FROM aqueduto.access_entry e JOIN aqueduto.token t ON t.tenant_id = e.tenant_id AND t.token_id = e.token_id
     WHERE e.journal_id = ${journalId} AND e.counter > ${range.from} AND e.counter <= ${range.to} AND e.phase = 'answer'
    WINDOW calls AS (PARTITION BY e.tenant_id, e.token_id, coalesce(e.operation_id, ''))
     ORDER BY e.tenant_id, e.token_id, coalesce(e.operation_id, ''), e.at DESC, e.counter DESC
    ON CONFLICT (tenant_id, token_id, operation_id) DO UPDATE
       SET calls = u.calls + excluded.calls,
           first_at = least(u.first_at, excluded.first_at),
           last_at = greatest(u.last_at, excluded.last_at),
           last_status = CASE WHEN excluded.last_at >= u.last_at THEN excluded.last_status ELSE u.last_status END,
           entry_id = CASE WHEN excluded.last_at >= u.last_at THEN excluded.entry_id ELSE u.entry_id END,
           ip_sealed = CASE WHEN excluded.last_at >= u.last_at THEN excluded.ip_sealed ELSE u.ip_sealed END,
           agent_sealed = CASE WHEN excluded.last_at >= u.last_at THEN excluded.agent_sealed ELSE u.agent_sealed END`.execute(tx);
}

/** Gathers each 2 s where tokens were used. A store that is away is asked again at the next turn. */
// oxlint-disable-next-line aqueduto/guarded-verb, aqueduto/audited-verb -- a job that counts calls which the access log already holds; nobody asks for it
export function startTokenUseJob(db: Db, log: Log): { stop(): Promise<void> } {
  return startRepeating({
    everyMs,
    turn: () => gatherTokenUse(db),
    failed: "uses of tokens could not be gathered; tried again in 2 s",
    log,
  });
}
