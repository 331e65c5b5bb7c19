import { sql } from "kysely";
import type { Tx } from "../../db/database.ts";
import { tenantTx } from "../../db/tx.ts";
import { assertLease } from "./capture-lease.ts";
import type { CaptureRun } from "./capture-run.ts";
import { enqueueItems } from "./enqueue-items.ts";
import { type GsanLook, lookAtGsan } from "./gsan-look.ts";
import { findGone, gsanId } from "./gsan-payment.ts";
import { lowMark } from "./marks.ts";
import { reversalItem } from "./payment-item.ts";

/** `cursor` = where the round over the older payments goes on in the next pass. */
export type AbsenceCount = { reversed: number; cursor: number };

const lowest = Number.MIN_SAFE_INTEGER;

/** A captured payment that can still be taken back, in `pagamento` or, once `closed`, in the history. */
export type Watched = { id: number; closed: boolean };

/**
 * Looks whether captured payments are still there: those already missed, all of the last 48 h, and a slice of the
 * older ones (the slices go round all of them). In the history = closed, no event. In neither table in two looks at
 * least the base's delay apart = reversed, also when it was closed before: GSAN takes closed payments back too.
 */
export async function absencePass(run: CaptureRun, cursor: number = lowest): Promise<AbsenceCount> {
  const low = await lowMark(run, run.limits.overlapMs, run.limits.overlapWindow);
  return lookAtGsan(run.gsan, async (look) => {
    const reversed = await walk(run, look, { missing: true, after: lowest, upTo: undefined });
    await walk(run, look, { missing: false, after: low, upTo: undefined });
    return { reversed: reversed.reversed, cursor: await checkSlice(run, look, { after: cursor, upTo: low }) };
  });
}

async function checkSlice(run: CaptureRun, look: GsanLook, slice: { after: number; upTo: number }): Promise<number> {
  const { last, done } = await walk(run, look, { ...slice, missing: false }, run.limits.watchSlice);
  return done ? lowest : last;
}

type Range = { missing: boolean; after: number; upTo: number | undefined };

/** Checks the watched payments of a range page by page, at most `budget` of them. */
async function walk(
  run: CaptureRun,
  look: GsanLook,
  range: Range,
  budget: number = Number.POSITIVE_INFINITY,
): Promise<{ reversed: number; last: number; done: boolean }> {
  const limit = range.missing ? run.limits.emitPage : run.limits.watchPage;
  let reversed = 0;
  let last = range.after;
  for (let seen = 0; seen < budget && !run.stopping();) {
    const page = await watchedPage(run, { ...range, after: last }, limit);
    const end = page.at(-1);
    if (end === undefined) return { reversed, last, done: true };
    reversed += await checkWatched(run, look, page, range.missing);
    seen += page.length;
    last = end.id;
  }
  return { reversed, last, done: false };
}

/** Compares these captured payments with GSAN and writes what changed. `recheck` = some were missed before. */
export async function checkWatched(run: CaptureRun, look: GsanLook, watched: Watched[], recheck: boolean): Promise<number> {
  const ids = watched.map((one) => one.id);
  const gone = await findGone(look, ids);
  const known = new Set(watched.filter((one) => one.closed).map((one) => one.id));
  const closed = gone.closed.filter((id) => !known.has(id));
  if (!recheck && gone.absent.length === 0 && closed.length === 0) return 0;
  return tenantTx(run.db, run.base.tenantId, async (tx) => {
    await assertLease(tx, run.lease);
    const absent = new Set(gone.absent);
    await markPresent(
      tx,
      run,
      ids.filter((id) => !absent.has(id)),
    );
    await markClosed(tx, run, closed);
    const reversed = await markReversed(tx, run, gone.absent);
    await markAbsent(tx, run, gone.absent);
    return reversed;
  });
}

function rowsOf(run: CaptureRun, ids: number[]) {
  return sql`tenant_id = ${run.base.tenantId} AND base_id = ${run.base.baseId} AND pgmt_id = ANY (${ids}::bigint[])`;
}

async function markPresent(tx: Tx, run: CaptureRun, ids: number[]): Promise<void> {
  await sql`
    UPDATE aqueduto.capture_payment SET absent_since = NULL
    WHERE ${rowsOf(run, ids)} AND absent_since IS NOT NULL`.execute(tx);
}

async function markClosed(tx: Tx, run: CaptureRun, ids: number[]): Promise<void> {
  await sql`UPDATE aqueduto.capture_payment SET state = 'closed' WHERE ${rowsOf(run, ids)} AND state = 'sent'`.execute(tx);
}

/** A payment that was held was never sent: it is dropped without an event. */
async function markReversed(tx: Tx, run: CaptureRun, ids: number[]): Promise<number> {
  const before = new Date(run.clock.now().getTime() - run.base.reversalDelayMs);
  const { rows } = await sql<{ id: string; amount: string; state: string }>`
    UPDATE aqueduto.capture_payment
    SET state = CASE state WHEN 'held' THEN 'dropped' ELSE 'reversed' END, absent_since = NULL
    WHERE ${rowsOf(run, ids)} AND state IN ('sent', 'closed', 'held') AND absent_since <= ${before}
    RETURNING pgmt_id::text AS id, amount::text AS amount, state`.execute(tx);
  const items = rows
    .filter((row) => row.state === "reversed")
    .map((row) => ({ id: gsanId(row.id), body: reversalItem(gsanId(row.id), row.amount) }))
    .toSorted((a, b) => a.id - b.id);
  await enqueueItems(tx, run, "client-transaction-reversed", items);
  return items.length;
}

async function markAbsent(tx: Tx, run: CaptureRun, ids: number[]): Promise<void> {
  await sql`
    UPDATE aqueduto.capture_payment SET absent_since = ${run.clock.now()}
    WHERE ${rowsOf(run, ids)} AND state IN ('sent', 'closed', 'held') AND absent_since IS NULL`.execute(tx);
}

async function watchedPage(run: CaptureRun, range: Range, limit: number): Promise<Watched[]> {
  const missing = range.missing ? sql`AND absent_since IS NOT NULL` : sql``;
  const upTo = range.upTo === undefined ? sql`` : sql`AND pgmt_id <= ${range.upTo}`;
  const { rows } = await tenantTx(run.db, run.base.tenantId, (tx) =>
    sql<{ id: string; closed: boolean }>`
      SELECT pgmt_id::text AS id, state = 'closed' AS closed FROM aqueduto.capture_payment
      WHERE tenant_id = ${run.base.tenantId} AND base_id = ${run.base.baseId} AND state IN ('sent', 'closed', 'held')
        AND pgmt_id > ${range.after} ${upTo} ${missing}
      ORDER BY pgmt_id LIMIT ${limit}`.execute(tx),
  );
  return rows.map((row) => ({ id: gsanId(row.id), closed: row.closed }));
}
