import { sql } from "kysely";
import type { Tx } from "../../db/database.ts";
import { tenantTx } from "../../db/tx.ts";
import { assertLease } from "./capture-lease.ts";
import type { CaptureRun } from "./capture-run.ts";
import { itemsOf, stateOf, type WrittenPayment, writePayments } from "./emit-page.ts";
import { enqueueItems } from "./enqueue-items.ts";
import type { GsanLook } from "./gsan-look.ts";
import { gsanId } from "./gsan-payment.ts";

/**
 * Looks again for the client of every held payment and sends those that now can be written. A payment that GSAN
 * meanwhile removed stays held until the absence pass drops it. Returns how many were sent.
 */
export async function retryHeld(run: CaptureRun, look: GsanLook): Promise<number> {
  let sent = 0;
  for (let after = Number.MIN_SAFE_INTEGER; !run.stopping();) {
    const ids = await heldIds(run, after);
    const last = ids.at(-1);
    if (last === undefined) break;
    const ready = (await writePayments(run, look, ids)).filter((one) => one.body !== undefined);
    if (ready.length > 0) sent += await sendHeld(run, ready);
    after = last;
  }
  return sent;
}

function sendHeld(run: CaptureRun, ready: WrittenPayment[]): Promise<number> {
  return tenantTx(run.db, run.base.tenantId, async (tx) => {
    await assertLease(tx, run.lease);
    const freed = new Set(await freePayments(tx, run, ready));
    const items = itemsOf(ready.filter((one) => freed.has(one.payment.id)));
    await enqueueItems(tx, run, "client-transaction", items);
    return items.length;
  });
}

/** Moves held payments to their state as sent, with the amount as sent; returns those that were still held. */
async function freePayments(tx: Tx, run: CaptureRun, ready: WrittenPayment[]): Promise<number[]> {
  const { rows } = await sql<{ id: string }>`
    UPDATE aqueduto.capture_payment p SET state = page.state, amount = page.amount, avbc_id = page.avbc_id
    FROM unnest(${ready.map((one) => one.payment.id)}::bigint[], ${ready.map(stateOf)}::text[],
                ${ready.map((one) => one.payment.amount)}::numeric[], ${ready.map((one) => one.payment.avbcId)}::bigint[])
         AS page (id, state, amount, avbc_id)
    WHERE p.tenant_id = ${run.base.tenantId} AND p.base_id = ${run.base.baseId} AND p.pgmt_id = page.id
      AND p.state = 'held'
    RETURNING p.pgmt_id::text AS id`.execute(tx);
  return rows.map((row) => gsanId(row.id));
}

async function heldIds(run: CaptureRun, after: number): Promise<number[]> {
  const { rows } = await tenantTx(run.db, run.base.tenantId, (tx) =>
    sql<{ id: string }>`
      SELECT pgmt_id::text AS id FROM aqueduto.capture_payment
      WHERE tenant_id = ${run.base.tenantId} AND base_id = ${run.base.baseId} AND state = 'held' AND pgmt_id > ${after}
      ORDER BY pgmt_id LIMIT ${run.limits.emitPage}`.execute(tx),
  );
  return rows.map((row) => gsanId(row.id));
}

/** How many payments are held for longer than the alarm span, and since when the oldest. */
export async function heldTooLong(run: CaptureRun): Promise<{ count: number; oldest: Date | null }> {
  const before = new Date(run.clock.now().getTime() - run.limits.heldAlarmMs);
  const { rows } = await tenantTx(run.db, run.base.tenantId, (tx) =>
    sql<{ count: string; oldest: Date | null }>`
      SELECT count(*)::text AS count, min(first_seen_at) AS oldest FROM aqueduto.capture_payment
      WHERE tenant_id = ${run.base.tenantId} AND base_id = ${run.base.baseId} AND state = 'held'
        AND first_seen_at < ${before}`.execute(tx),
  );
  return { count: Number(rows[0]?.count ?? 0), oldest: rows[0]?.oldest ?? null };
}
