import { sql } from "kysely";
import { tenantTx } from "../../db/tx.ts";
import { assertLease } from "./capture-lease.ts";
import type { CaptureRun } from "./capture-run.ts";
import { emitPage, type PageCount } from "./emit-page.ts";
import { type GsanLook, lookAtGsan } from "./gsan-look.ts";
import { highestId, idsAbove } from "./gsan-payment.ts";
import { lowMark, noteMark, readMarks } from "./marks.ts";
import { retryHeld } from "./retry-held.ts";
import { unseenIds } from "./seen-set.ts";

/** What a pass captured; not complete = it stopped at a page boundary and the next one goes on. */
export type ScanCount = PageCount & { complete: boolean };

/** The newest ids: everything above the mark noted about a minute ago. */
export async function fastPass(run: CaptureRun): Promise<ScanCount> {
  const { from, markDue } = await readMarks(run, run.limits.nearMs, run.limits.nearWindow);
  const { at, top, count } = await lookAtGsan(run.gsan, async (look) => {
    const highest = await highestId(look);
    const lookedAt = run.clock.now();
    return { at: lookedAt, top: highest, count: await captureAbove(run, look, from) };
  });
  // a pass that stopped early must not move the mark over what it did not read
  if (count.complete && markDue) await noteMark(run, at, top);
  return count;
}

/** All ids above the mark of 48 h ago, for batches that commit long after their ids were taken; then the held ones. */
export async function overlapPass(run: CaptureRun): Promise<ScanCount> {
  const from = await lowMark(run, run.limits.overlapMs, run.limits.overlapWindow);
  const count = await lookAtGsan(run.gsan, async (look) => {
    const scanned = await captureAbove(run, look, from);
    return { ...scanned, sent: scanned.sent + (await retryHeld(run, look)) };
  });
  if (count.complete) await noteOverlap(run);
  return count;
}

/** Captures every unseen id above `from`, in pages, by id ascending. */
export async function captureAbove(run: CaptureRun, look: GsanLook, from: number): Promise<ScanCount> {
  return captureIds(run, look, (after) => idsAbove(look, after, run.limits.scanPage), from);
}

/** Walks pages of ids and captures those that were never seen; memory holds one page. */
export async function captureIds(
  run: CaptureRun,
  look: GsanLook,
  nextIds: (after: number) => Promise<number[]>,
  from: number,
): Promise<ScanCount> {
  const count = { sent: 0, held: 0, complete: false };
  for (let after = from; !run.stopping();) {
    const ids = await nextIds(after);
    const last = ids.at(-1);
    if (last === undefined) return { ...count, complete: true };
    const fresh = await tenantTx(run.db, run.base.tenantId, (tx) => unseenIds(tx, run.base, ids));
    for (let at = 0; at < fresh.length && !run.stopping(); at += run.limits.emitPage) {
      const page = await emitPage(run, look, fresh.slice(at, at + run.limits.emitPage));
      count.sent += page.sent;
      count.held += page.held;
    }
    after = last;
  }
  return count;
}

async function noteOverlap(run: CaptureRun): Promise<void> {
  await tenantTx(run.db, run.base.tenantId, async (tx) => {
    await assertLease(tx, run.lease);
    await sql`
      UPDATE aqueduto.gsan_base SET overlap_at = ${run.clock.now()}
      WHERE tenant_id = ${run.base.tenantId} AND base_id = ${run.base.baseId}`.execute(tx);
  });
}
