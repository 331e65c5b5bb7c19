import { sql } from "kysely";
import type { Tx } from "../db/database.ts";
import type { Variant } from "./target.ts";

/** A delivery that this run has claimed, with its items in their frozen order. */
export type Claimed = {
  tenant_id: string;
  day: string;
  delivery_id: string;
  webhook_id: string;
  type: string;
  variant: Variant;
  event_count: number;
  first_sequence: bigint;
  last_sequence: bigint;
  attempts: number;
  priority: number;
  /** Shorter than `event_count` when events are gone. */
  bodies: string[];
};

/** `wait_ms` until the first delivery is due: 0 or less = now, null = all are claimed by living runs. */
export type PendingWebhook = { tenant_id: string; webhook_id: string; wait_ms: number | null };

/** The webhooks with pending deliveries (SQL function of migration 0003). */
export async function pendingWebhooks(tx: Tx, run: string): Promise<PendingWebhook[]> {
  const { rows } = await sql<PendingWebhook>`SELECT * FROM aqueduto.pending_webhooks(${run})`.execute(tx);
  return rows;
}

/**
 * Claims up to `room` due deliveries of each webhook and priority for this run (SQL function of migration 0003). In the
 * order to send: first tries before retries, then by number.
 */
export async function claimDue(
  tx: Tx,
  run: string,
  wanted: readonly { tenantId: string; webhookId: string; room: number }[],
): Promise<Claimed[]> {
  const { rows } = await sql<Claimed>`
    SELECT * FROM aqueduto.claim_deliveries(${run}, ${wanted.map((w) => w.tenantId)}::text[], ${wanted.map((w) => w.webhookId)}::text[],
      ${wanted.map((w) => w.room)}::int[])`.execute(tx);
  return rows.toSorted((a, b) => a.priority - b.priority || Number(a.first_sequence - b.first_sequence));
}

/** Gives back what this run has claimed but does not know of (a commit whose answer got lost), or all of it. */
export async function releaseClaims(tx: Tx, run: string, except: readonly string[]): Promise<void> {
  await sql`UPDATE delivery SET claimed_by = NULL
    WHERE state = 'pending' AND claimed_by = ${run} AND delivery_id <> ALL (${[...except]}::text[])`.execute(tx);
}
