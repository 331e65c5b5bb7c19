import { sql } from "kysely";
import type { Tx } from "../../db/database.ts";
import { tenantTx } from "../../db/tx.ts";
import { assertLease } from "./capture-lease.ts";
import type { CaptureRun } from "./capture-run.ts";
import { gsanId } from "./gsan-payment.ts";
import type { BaseKey } from "./seen-set.ts";

/** The newest mark noted at or before `at`: ids that were taken after `at` all lie above it. */
export async function markAt(tx: Tx, base: BaseKey, at: Date): Promise<number | undefined> {
  const { rows } = await sql<{ max_id: string }>`
    SELECT max_id::text FROM aqueduto.capture_mark
    WHERE tenant_id = ${base.tenantId} AND base_id = ${base.baseId} AND noted_at <= ${at}
    ORDER BY noted_at DESC LIMIT 1`.execute(tx);
  return rows[0] === undefined ? undefined : gsanId(rows[0].max_id);
}

/**
 * Where a pass begins: the mark of `ageMs` ago; while the registration is younger than that, `window` ids below the
 * top of the baseline.
 */
export async function lowMark(run: CaptureRun, ageMs: number, window: number): Promise<number> {
  const { from } = await readMarks(run, ageMs, window);
  return from;
}

/** The low mark, and whether it is time to note another one. */
export function readMarks(run: CaptureRun, ageMs: number, window: number): Promise<{ from: number; markDue: boolean }> {
  const now = run.clock.now().getTime();
  const recent = new Date(now - run.limits.markEveryMs);
  return tenantTx(run.db, run.base.tenantId, async (tx) => {
    const mark = await markAt(tx, run.base, new Date(now - ageMs));
    const newest = await sql`
      SELECT 1 FROM aqueduto.capture_mark
      WHERE tenant_id = ${run.base.tenantId} AND base_id = ${run.base.baseId} AND noted_at > ${recent} LIMIT 1`.execute(tx);
    return { from: mark ?? (await baselineTop(tx, run.base)) - window, markDue: newest.rows.length === 0 };
  });
}

/** The highest id of the baseline's first look. */
export async function baselineTop(tx: Tx, base: BaseKey): Promise<number> {
  const { rows } = await sql<{ top: string }>`
    SELECT coalesce(baseline_top, 0)::text AS top FROM aqueduto.gsan_base
    WHERE tenant_id = ${base.tenantId} AND base_id = ${base.baseId}`.execute(tx);
  return gsanId(rows[0]?.top ?? "0");
}

/** Notes the highest id that a completed look saw. */
export async function noteMark(run: CaptureRun, at: Date, maxId: number): Promise<void> {
  await tenantTx(run.db, run.base.tenantId, async (tx) => {
    await assertLease(tx, run.lease);
    await sql`
      INSERT INTO aqueduto.capture_mark (tenant_id, base_id, noted_at, max_id)
      VALUES (${run.base.tenantId}, ${run.base.baseId}, ${at}, ${maxId}) ON CONFLICT DO NOTHING`.execute(tx);
  });
}

/** Keeps the newest mark beyond the retention, one an hour within it, and all within twice the overlap. */
export async function thinMarks(tx: Tx, run: CaptureRun, now: Date): Promise<void> {
  const whole = new Date(now.getTime() - 2 * run.limits.overlapMs);
  const oldest = new Date(now.getTime() - run.limits.retentionMs);
  const key = sql`m.tenant_id = ${run.base.tenantId} AND m.base_id = ${run.base.baseId}`;
  await sql`
    DELETE FROM aqueduto.capture_mark m WHERE ${key} AND m.noted_at < (
      SELECT max(k.noted_at) FROM aqueduto.capture_mark k
      WHERE k.tenant_id = m.tenant_id AND k.base_id = m.base_id AND k.noted_at <= ${oldest})`.execute(tx);
  await sql`
    DELETE FROM aqueduto.capture_mark m WHERE ${key} AND m.noted_at > ${oldest} AND m.noted_at < ${whole} AND EXISTS (
      SELECT 1 FROM aqueduto.capture_mark k
      WHERE k.tenant_id = m.tenant_id AND k.base_id = m.base_id
        AND k.noted_at < m.noted_at AND k.noted_at >= date_trunc('hour', m.noted_at))`.execute(tx);
}
