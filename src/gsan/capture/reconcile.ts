import { sql } from "kysely";
import type { Tx } from "../../db/database.ts";
import { tenantTx } from "../../db/tx.ts";
import { checkWatched, type Watched } from "./absence-pass.ts";
import { assertLease } from "./capture-lease.ts";
import type { CaptureRun } from "./capture-run.ts";
import { type GsanLook, lookAtGsan } from "./gsan-look.ts";
import { gsanId } from "./gsan-payment.ts";
import { baselineTop, lowMark, markAt, thinMarks } from "./marks.ts";
import { capturedTotals, differences, gsanTotals, idsOfNotices, type NoticeDifference, type NoticeTotal } from "./notice-totals.ts";
import { captureAbove, captureIds } from "./scan-pass.ts";

export type Reconciliation = { notices: number; differing: number; repaired: number };

/**
 * Compares GSAN with what was captured, notice by notice, for all ids above the retention mark (never below the
 * baseline's top), and captures what the passes missed. What differs for another reason (an amount changed, a payment
 * moved back out of the history) is recorded and left alone. Then prunes what can no longer change. Returns undefined
 * when it was stopped on the way; it is then due again.
 */
export async function reconcile(run: CaptureRun): Promise<Reconciliation | undefined> {
  const near = await lowMark(run, run.limits.nearMs, run.limits.nearWindow);
  const { from, prunable } = await window(run);
  return lookAtGsan(run.gsan, async (look) => {
    // what came in since the last pass is not a difference
    if (!(await captureAbove(run, look, near)).complete) return undefined;
    const gsan = await gsanTotals(look, run.columns, from);
    const first = differences(gsan, await captured(run, from));
    await checkGone(run, look, from, first);
    const found = first.length === 0 ? first : differences(gsan, await captured(run, from));
    const repaired = await repair(run, look, from, found);
    if (repaired === undefined) return undefined;
    await record(run, { from, notices: gsan.size, found, repaired });
    await prune(run, prunable);
    return { notices: gsan.size, differing: found.length, repaired: total(repaired) };
  });
}

/** Above which id to compare, and below which closed payments may be forgotten. */
function window(run: CaptureRun): Promise<{ from: number; prunable: number | undefined }> {
  const at = new Date(run.clock.now().getTime() - run.limits.retentionMs);
  return tenantTx(run.db, run.base.tenantId, async (tx) => {
    const [prunable, top] = [await markAt(tx, run.base, at), await baselineTop(tx, run.base)];
    return { from: Math.max(prunable ?? top, top), prunable };
  });
}

function captured(run: CaptureRun, from: number): Promise<Map<number, NoticeTotal>> {
  return tenantTx(run.db, run.base.tenantId, (tx) => capturedTotals(tx, run.base, from));
}

/** Captured payments of these notices that GSAN no longer has are marked absent, which takes them out of the totals. */
async function checkGone(run: CaptureRun, look: GsanLook, from: number, found: NoticeDifference[]): Promise<void> {
  const notices = found.map((one) => one.notice);
  for (let after = from; notices.length > 0 && !run.stopping();) {
    const page = await watchedOf(run, notices, after);
    const last = page.at(-1);
    if (last === undefined) return;
    await checkWatched(run, look, page, false);
    after = last.id;
  }
}

async function watchedOf(run: CaptureRun, notices: number[], after: number): Promise<Watched[]> {
  const { rows } = await tenantTx(run.db, run.base.tenantId, (tx) =>
    sql<{ id: string; closed: boolean }>`
      SELECT pgmt_id::text AS id, state = 'closed' AS closed FROM aqueduto.capture_payment
      WHERE tenant_id = ${run.base.tenantId} AND base_id = ${run.base.baseId} AND state IN ('held', 'sent', 'closed')
        AND coalesce(avbc_id, 0) = ANY (${notices}::bigint[]) AND pgmt_id > ${after}
      ORDER BY pgmt_id LIMIT ${run.limits.watchPage}`.execute(tx),
  );
  return rows.map((row) => ({ id: gsanId(row.id), closed: row.closed }));
}

/** Captures the unseen payments of the differing notices; how many by notice, in their order. undefined = stopped. */
async function repair(run: CaptureRun, look: GsanLook, from: number, found: NoticeDifference[]): Promise<number[] | undefined> {
  if (found.length === 0) return [];
  const notices = found.map((one) => one.notice);
  const next = (after: number) => idsOfNotices(look, run.columns, notices, { after, limit: run.limits.scanPage });
  const count = await captureIds(run, look, next, from);
  if (!count.complete) return undefined;
  const after = await captured(run, from);
  return found.map((one) => Number(after.get(one.notice)?.count ?? 0) - Number(one.seen.count));
}

type Outcome = { from: number; notices: number; found: NoticeDifference[]; repaired: number[] };

async function record(run: CaptureRun, outcome: Outcome): Promise<void> {
  const at = run.clock.now();
  const { tenantId, baseId } = run.base;
  const { found, repaired } = outcome;
  await tenantTx(run.db, tenantId, async (tx) => {
    await assertLease(tx, run.lease);
    await sql`
      INSERT INTO aqueduto.capture_reconciliation (tenant_id, base_id, run_at, from_id, notices, differing, repaired)
      VALUES (${tenantId}, ${baseId}, ${at}, ${outcome.from}, ${outcome.notices}, ${found.length},
              ${total(repaired)})`.execute(tx);
    await sql`
      INSERT INTO aqueduto.capture_difference
        (tenant_id, base_id, run_at, avbc_id, gsan_count, gsan_sum, seen_count, seen_sum, repaired)
      SELECT ${tenantId}, ${baseId}, ${at}, page.*
      FROM unnest(${found.map((one) => one.notice)}::bigint[],
                  ${found.map((one) => one.gsan.count)}::bigint[], ${found.map((one) => one.gsan.sum)}::numeric[],
                  ${found.map((one) => one.seen.count)}::bigint[], ${found.map((one) => one.seen.sum)}::numeric[],
                  ${repaired}::int[]) AS page`.execute(tx);
    await sql`
      UPDATE aqueduto.gsan_base SET reconciled_at = ${at}
      WHERE tenant_id = ${tenantId} AND base_id = ${baseId}`.execute(tx);
    await thinMarks(tx, run, at);
  });
  if (found.length > 0) run.log.warn({ base_id: baseId, differing: found.length }, "GSAN and capture differed");
}

function total(counts: number[]): number {
  return counts.reduce((sum, count) => sum + count, 0);
}

/** Forgets payments that are final and below the window; their ids stay in the seen-set. */
async function prune(run: CaptureRun, below: number | undefined): Promise<void> {
  if (below === undefined) return;
  while (!run.stopping()) {
    const pruned = await tenantTx(run.db, run.base.tenantId, (tx) => prunePage(tx, run, below));
    if (pruned < run.limits.scanPage) return;
  }
}

async function prunePage(tx: Tx, run: CaptureRun, below: number): Promise<number> {
  await assertLease(tx, run.lease);
  const { rows } = await sql`
    DELETE FROM aqueduto.capture_payment
    WHERE tenant_id = ${run.base.tenantId} AND base_id = ${run.base.baseId} AND pgmt_id IN (
      SELECT pgmt_id FROM aqueduto.capture_payment
      WHERE tenant_id = ${run.base.tenantId} AND base_id = ${run.base.baseId} AND pgmt_id <= ${below}
        AND state IN ('closed', 'reversed', 'dropped') AND absent_since IS NULL
      ORDER BY pgmt_id LIMIT ${run.limits.scanPage})
    RETURNING 1`.execute(tx);
  return rows.length;
}
