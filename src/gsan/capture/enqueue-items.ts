import { sql } from "kysely";
import type { Tx } from "../../db/database.ts";
import type { CaptureRun } from "./capture-run.ts";

/** An event of one payment, as its exact bytes. */
export type PaymentItem = { id: number; body: string };

/**
 * Puts items into the outbox in the caller's transaction, keyed by base and payment. A key that is there already
 * changes nothing; with another body it is reported, for it means that the seen-set was lost or GSAN reused a number.
 */
export async function enqueueItems(
  tx: Tx,
  run: CaptureRun,
  type: "client-transaction" | "client-transaction-reversed",
  items: PaymentItem[],
): Promise<void> {
  if (items.length === 0) return;
  const { tenantId, baseId, mode } = run.base;
  const { rows } = await sql<{ key: string; outcome: string }>`
    SELECT key, outcome FROM aqueduto.enqueue_events(${tenantId}, ${mode}, ${type},
      ${items.map((item) => `${baseId}/${item.id}`)}::text[], ${items.map((item) => item.body)}::text[],
      ${`capture:${baseId}`})`.execute(tx);
  const conflicts = rows.filter((row) => row.outcome === "conflict");
  if (conflicts.length > 0) {
    run.log.error({ base_id: baseId, type, count: conflicts.length, first: conflicts[0]?.key }, "captured payment differs from its event");
  }
}
