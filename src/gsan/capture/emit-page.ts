import { sql } from "kysely";
import type { Tx } from "../../db/database.ts";
import { tenantTx } from "../../db/tx.ts";
import { assertLease } from "./capture-lease.ts";
import type { CaptureRun } from "./capture-run.ts";
import { enqueueItems } from "./enqueue-items.ts";
import type { GsanLook } from "./gsan-look.ts";
import { type GsanPayment, readPayments } from "./gsan-payment.ts";
import { transactionItem } from "./payment-item.ts";
import { resolveClients } from "./resolve-clients.ts";
import { markSeen, unseenIds } from "./seen-set.ts";

/** A payment and its item; no item = held. */
export type WrittenPayment = { payment: GsanPayment; body: string | undefined };

export type PageCount = { sent: number; held: number };

/** Reads these payments in the look, finds their clients and writes their items. */
export async function writePayments(run: CaptureRun, look: GsanLook, ids: number[]): Promise<WrittenPayment[]> {
  const payments = await readPayments(look, run.columns, ids);
  const clients = await resolveClients(look, run.columns, payments);
  return payments.map((payment) => ({ payment, body: writeItem(run, payment, clients.get(payment.id)) }));
}

/** One payment that cannot be written is held and reported; it must not stop those behind it. */
function writeItem(run: CaptureRun, payment: GsanPayment, client: string | undefined): string | undefined {
  try {
    return transactionItem(run.base, payment, client);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    run.log.error({ base_id: run.base.baseId, pgmt_id: payment.id, reason: error.message }, "payment held: it cannot be written");
    return undefined;
  }
}

/**
 * Captures a page of payments in one transaction: fence, seen-set, ledger and events commit together or not at all.
 * Ids that were seen meanwhile are left out, so a page may be tried again.
 */
export async function emitPage(run: CaptureRun, look: GsanLook, ids: number[]): Promise<PageCount> {
  const written = await writePayments(run, look, ids);
  return tenantTx(run.db, run.base.tenantId, async (tx) => {
    await assertLease(tx, run.lease);
    const fresh = new Set(
      await unseenIds(
        tx,
        run.base,
        written.map((one) => one.payment.id),
      ),
    );
    const page = written.filter((one) => fresh.has(one.payment.id));
    await markSeen(tx, run.base, [...fresh]);
    await insertPayments(tx, run, page);
    const items = itemsOf(page);
    await enqueueItems(tx, run, "client-transaction", items);
    return { sent: items.length, held: page.length - items.length };
  });
}

export function itemsOf(page: WrittenPayment[]): { id: number; body: string }[] {
  return page.flatMap(({ payment, body }) => (body === undefined ? [] : [{ id: payment.id, body }]));
}

/** `sent` while GSAN may still delete the payment, `closed` when it is in the history already. */
export function stateOf(written: WrittenPayment): "held" | "sent" | "closed" {
  if (written.body === undefined) return "held";
  return written.payment.open ? "sent" : "closed";
}

async function insertPayments(tx: Tx, run: CaptureRun, page: WrittenPayment[]): Promise<void> {
  if (page.length === 0) return;
  await sql`
    INSERT INTO aqueduto.capture_payment (tenant_id, base_id, pgmt_id, state, amount, avbc_id, first_seen_at)
    SELECT ${run.base.tenantId}, ${run.base.baseId}, id, state, amount, avbc_id, ${run.clock.now()}::timestamptz
    FROM unnest(${page.map((one) => one.payment.id)}::bigint[], ${page.map(stateOf)}::text[],
                ${page.map((one) => one.payment.amount)}::numeric[], ${page.map((one) => one.payment.avbcId)}::bigint[])
         AS page (id, state, amount, avbc_id)
    ON CONFLICT DO NOTHING`.execute(tx);
}
