import { sql } from "kysely";
import type { Tx } from "../../db/database.ts";
import { tenantTx } from "../../db/tx.ts";
import { assertLease } from "./capture-lease.ts";
import type { CaptureRun } from "./capture-run.ts";
import { type GsanLook, lookAtGsan } from "./gsan-look.ts";
import { gsanId, highestId, idsBelow } from "./gsan-payment.ts";
import { noteMark } from "./marks.ts";
import { markSeen } from "./seen-set.ts";

/** `usable` = the window that the passes read is marked, so they may run while deeper history is still walked. */
export type BaselineProgress = { done: boolean; usable: boolean };

/**
 * Marks what the base already holds as seen, so that it is not sent. The walk goes from the highest id of the first
 * look down, newest first: the window where late batches commit is marked in one look, so a payment that commits after
 * that look is never taken for an old one, however low its id. Deeper history follows in slices and survives a restart.
 */
export async function continueBaseline(run: CaptureRun): Promise<BaselineProgress> {
  const known = await tenantTx(run.db, run.base.tenantId, (tx) => progress(tx, run));
  if (known.done) return { done: true, usable: true };
  return lookAtGsan(run.gsan, async (look) => {
    const start = known.start ?? (await begin(run, look));
    return walkDown(run, look, start);
  });
}

type Start = { top: number; cursor: number };

async function begin(run: CaptureRun, look: GsanLook): Promise<Start> {
  const top = await highestId(look);
  const at = run.clock.now();
  const start = { top, cursor: top + 1 };
  await tenantTx(run.db, run.base.tenantId, async (tx) => {
    await assertLease(tx, run.lease);
    await sql`
      UPDATE aqueduto.gsan_base SET baseline_top = ${top}, baseline_cursor = ${start.cursor}
      WHERE ${thisBase(run)}`.execute(tx);
  });
  await noteMark(run, at, top);
  return start;
}

async function walkDown(run: CaptureRun, look: GsanLook, start: Start): Promise<BaselineProgress> {
  const window = start.top - run.limits.overlapWindow;
  let cursor = start.cursor;
  for (let pages = 0; pages < run.limits.baselinePages || cursor > window; pages += 1) {
    if (run.stopping()) break;
    const ids = await idsBelow(look, cursor, run.limits.scanPage);
    const last = ids.at(-1);
    await saveProgress(run, ids, last);
    if (last === undefined) return { done: true, usable: true };
    cursor = last;
  }
  return { done: false, usable: cursor <= window };
}

/** Bits and cursor move together; no more ids = done. */
function saveProgress(run: CaptureRun, ids: number[], last: number | undefined): Promise<void> {
  return tenantTx(run.db, run.base.tenantId, async (tx) => {
    await assertLease(tx, run.lease);
    await markSeen(tx, run.base, ids);
    const change = last === undefined ? sql`baseline_done_at = ${run.clock.now()}` : sql`baseline_cursor = ${last}`;
    await sql`UPDATE aqueduto.gsan_base SET ${change} WHERE ${thisBase(run)}`.execute(tx);
  });
}

async function progress(tx: Tx, run: CaptureRun): Promise<{ done: boolean; start: Start | undefined }> {
  const { rows } = await sql<{ top: string | null; cursor: string | null; done: boolean }>`
    SELECT baseline_top::text AS top, baseline_cursor::text AS cursor, baseline_done_at IS NOT NULL AS done
    FROM aqueduto.gsan_base WHERE ${thisBase(run)}`.execute(tx);
  const row = rows[0];
  const started = row !== undefined && row.top !== null && row.cursor !== null;
  return {
    done: row?.done ?? false,
    start: started ? { top: gsanId(row.top ?? "0"), cursor: gsanId(row.cursor ?? "0") } : undefined,
  };
}

function thisBase(run: CaptureRun) {
  return sql`tenant_id = ${run.base.tenantId} AND base_id = ${run.base.baseId}`;
}
