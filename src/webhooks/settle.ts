import { sql } from "kysely";
import { appendAdminEntry } from "../audit/append.ts";
import type { Db, Tx } from "../db/database.ts";
import { platformTx } from "../db/tx.ts";
import { auditEnds } from "./audit-ends.ts";
import type { Claimed } from "./claim.ts";

/** What becomes of a claimed delivery. Without `attempt` nothing was sent (held, or cancelled before the try). */
export type Settlement = {
  claimed: Claimed;
  state: "pending" | "delivered" | "dead" | "cancelled" | "held";
  reason?: string;
  /** Milliseconds until the next try, for state pending. */
  delayMs?: number;
  attempt?: Attempt;
  /** The receiver answered 410. */
  disableWebhook?: boolean;
};

export type Attempt = {
  /** Made before the first write, so that a write whose answer got lost can be repeated. */
  attemptId: string;
  startedAt: Date;
  durationMs: number;
  status?: number;
  outcome: "delivered" | "retry" | "dead" | "cancelled";
  errorCode?: string;
  excerpt: string;
};

/**
 * Writes what a batch of tries decided: delivery states, attempt rows and webhook health in one transaction. A delivery
 * that another run has taken over keeps the state that run gave it; its attempt row says that it decided nothing.
 */
export async function settle(db: Db, run: string, batch: readonly Settlement[]): Promise<void> {
  await platformTx(db, async (tx) => {
    await sql`SELECT aqueduto.settle_deliveries(${run}, ${JSON.stringify(batch.map(settlementRow))}::jsonb)`.execute(tx);
    await auditEnds(
      tx,
      run,
      batch.map(({ claimed: { tenant_id, day, delivery_id } }) => ({ tenant_id, day, delivery_id })),
    );
    await updateHealth(tx, batch);
    for (const settlement of batch) {
      if (settlement.disableWebhook === true) await disableWebhook(tx, run, settlement.claimed);
    }
  });
}

function settlementRow({ claimed, state, reason, delayMs, attempt }: Settlement) {
  return {
    tenant_id: claimed.tenant_id,
    day: claimed.day,
    delivery_id: claimed.delivery_id,
    webhook_id: claimed.webhook_id,
    state,
    reason: reason ?? null,
    delay_ms: delayMs ?? null,
    ...(attempt === undefined ? {} : attemptRow(claimed, attempt)),
  };
}

function attemptRow(claimed: Claimed, attempt: Attempt) {
  return {
    attempt_id: attempt.attemptId,
    number: claimed.attempts + 1,
    started_at: attempt.startedAt.toISOString(),
    duration_ms: attempt.durationMs,
    status: attempt.status ?? null,
    outcome: attempt.outcome,
    error_code: attempt.errorCode ?? null,
    excerpt: attempt.excerpt === "" ? null : attempt.excerpt,
  };
}

/** One row per webhook of the batch; the last try of each decides what the counters restart from. */
async function updateHealth(tx: Tx, batch: readonly Settlement[]): Promise<void> {
  const rows = healthRows(batch);
  if (rows.length === 0) return;
  await sql`
    INSERT INTO webhook_health AS h (tenant_id, webhook_id, last_success_at, last_failure_at, last_error_code, failures, failing_since)
    SELECT tenant_id, webhook_id, success_at, failure_at, error_code, failures, CASE WHEN failures > 0 THEN failure_at END
      FROM jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) AS s(tenant_id text, webhook_id text, success_at timestamptz,
        failure_at timestamptz, error_code text, failures int)
     ORDER BY tenant_id, webhook_id
    ON CONFLICT (tenant_id, webhook_id) DO UPDATE SET
      last_success_at = coalesce(excluded.last_success_at, h.last_success_at),
      last_failure_at = coalesce(excluded.last_failure_at, h.last_failure_at),
      last_error_code = coalesce(excluded.last_error_code, h.last_error_code),
      failures = CASE WHEN excluded.last_success_at IS NULL THEN h.failures + excluded.failures ELSE excluded.failures END,
      failing_since = CASE WHEN excluded.failures = 0 THEN NULL
                           WHEN excluded.last_success_at IS NULL THEN coalesce(h.failing_since, excluded.failing_since)
                           ELSE excluded.failing_since END`.execute(tx);
}

type HealthRow = {
  tenant_id: string;
  webhook_id: string;
  success_at: string | null;
  failure_at: string | null;
  error_code: string | null;
  failures: number;
};

function healthRows(batch: readonly Settlement[]): HealthRow[] {
  const rows = new Map<string, HealthRow>();
  for (const { claimed, attempt } of batch) {
    if (attempt === undefined) continue;
    const { tenant_id, webhook_id } = claimed;
    const key = `${tenant_id}/${webhook_id}`;
    const row = rows.get(key) ?? { tenant_id, webhook_id, success_at: null, failure_at: null, error_code: null, failures: 0 };
    const at = attempt.startedAt.toISOString();
    rows.set(
      key,
      attempt.outcome === "delivered"
        ? { ...row, success_at: at, failures: 0 }
        : { ...row, failure_at: at, error_code: attempt.errorCode ?? null, failures: row.failures + 1 },
    );
  }
  return [...rows.values()];
}

/** 410 Gone: nothing more is sent; deliveries that wait end as cancelled when their turn comes. */
async function disableWebhook(tx: Tx, run: string, claimed: Claimed): Promise<void> {
  const { rows } = await sql<{ before: string }>`
    UPDATE webhook w SET state = 'disabled', state_reason = 'gone' FROM webhook o
     WHERE w.tenant_id = ${claimed.tenant_id} AND w.webhook_id = ${claimed.webhook_id} AND w.state <> 'disabled'
       AND o.tenant_id = w.tenant_id AND o.webhook_id = w.webhook_id
    RETURNING o.state AS before`.execute(tx);
  const before = rows[0]?.before;
  if (before === undefined) return;
  await appendAdminEntry(
    tx,
    { tenantId: claimed.tenant_id, actor: { kind: "system", id: `dispatcher:${run}` }, requestId: claimed.delivery_id },
    {
      action: "webhook.disable",
      target: { kind: "webhook", id: claimed.webhook_id },
      before: { state: before },
      after: { state: "disabled" },
      detail: { reason: "gone", delivery_id: claimed.delivery_id },
    },
  );
}
