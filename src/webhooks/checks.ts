import { randomBytes } from "node:crypto";
import { sql } from "kysely";
import { appendAdminEntry } from "../audit/append.ts";
import { verificationType } from "../contract/event-types.ts";
import type { Db, Tx } from "../db/database.ts";
import { platformTx, tenantTx } from "../db/tx.ts";
import type { Clock } from "../platform/clock.ts";
import { deliveryBody } from "./body.ts";
import { userAgent } from "./deliver.ts";
import type { Sender, SendResult } from "./send.ts";
import { signatureHeaders } from "./sign.ts";
import type { TargetCache } from "./target-cache.ts";

export type Check = { tenant_id: string; check_id: string; webhook_id: string };

export type CheckOptions = { db: Db; clock: Clock; cache: TargetCache; sender: Sender; run: string };

type CheckResult = { passed: boolean; status: number | null; errorCode: string | null; durationMs: number };

/**
 * Takes up to `room` checks that were asked for, that a run which died has left, or whose result this run could not store
 * (claimed by it, but not among those under way).
 */
export async function claimChecks(db: Db, run: string, room: number, underWay: readonly string[]): Promise<Check[]> {
  return platformTx(db, async (tx) => {
    const { rows } = await sql<Check>`
      UPDATE webhook_check c SET state = 'running', claimed_by = ${run} FROM (
        SELECT tenant_id, check_id FROM webhook_check o
         WHERE o.state = 'requested'
            OR (o.state = 'running' AND o.claimed_by = ${run} AND o.check_id <> ALL (${[...underWay]}::text[]))
            OR (o.state = 'running' AND o.claimed_by <> ${run} AND NOT EXISTS (
              SELECT FROM lease l WHERE l.name = 'dispatcher:' || o.claimed_by AND l.until > now()))
         ORDER BY o.requested_at LIMIT ${room} FOR UPDATE SKIP LOCKED) due
       WHERE c.tenant_id = due.tenant_id AND c.check_id = due.check_id
      RETURNING c.tenant_id, c.check_id, c.webhook_id`.execute(tx);
    return rows;
  });
}

/**
 * Performs one check: a signed challenge that the receiver must give back in the body of a 2xx answer. A pending webhook
 * that passes becomes verified, with an entry in the admin log, in the transaction that stores the result.
 */
export async function performCheck(options: CheckOptions, check: Check): Promise<void> {
  const result = await challenge(options, check);
  await tenantTx(options.db, check.tenant_id, async (tx) => {
    const { rows } = await sql`
      UPDATE webhook_check SET state = ${result.passed ? "passed" : "failed"}, claimed_by = NULL, finished_at = now(),
             duration_ms = ${result.durationMs}, status = ${result.status}, error_code = ${result.errorCode}
       WHERE tenant_id = ${check.tenant_id} AND check_id = ${check.check_id} AND state = 'running' AND claimed_by = ${options.run}
      RETURNING check_id`.execute(tx);
    if (rows.length === 1 && result.passed) await verifyWebhook(tx, options.run, check);
  });
}

async function challenge(options: CheckOptions, check: Check): Promise<CheckResult> {
  const { cache, clock, sender } = options;
  const failed = (errorCode: string) => ({ passed: false, status: null, errorCode, durationMs: 0 });
  cache.invalidate();
  const target = await cache.get({ tenantId: check.tenant_id, webhookId: check.webhook_id });
  if (target === undefined) return failed("webhook-removed");
  const value = randomBytes(24).toString("base64url");
  const body = deliveryBody(verificationType, [JSON.stringify({ challenge: value })]);
  const timestamp = Math.floor(clock.now().getTime() / 1000);
  let signature;
  try {
    signature = signatureHeaders(cache.signingKey(target), { id: check.check_id, timestamp, body });
  } catch {
    return failed("secret-unusable");
  }
  const result = await sender.send(target, {
    headers: { "content-type": "application/json", "user-agent": userAgent, ...signature },
    body,
  });
  return judge(result, value);
}

function judge(result: SendResult, value: string): CheckResult {
  const { status, durationMs } = result;
  const base = { status: status ?? null, durationMs };
  if (status === undefined) return { ...base, passed: false, errorCode: result.errorCode ?? "send-failed" };
  if (status < 200 || status >= 300) return { ...base, passed: false, errorCode: "status-not-2xx" };
  const passed = result.answer.includes(value);
  return { ...base, passed, errorCode: passed ? null : "challenge-missing" };
}

async function verifyWebhook(tx: Tx, run: string, check: Check): Promise<void> {
  const changed = await sql`
    UPDATE webhook SET state = 'verified', state_reason = NULL
     WHERE tenant_id = ${check.tenant_id} AND webhook_id = ${check.webhook_id} AND state = 'pending'
    RETURNING webhook_id`.execute(tx);
  if (changed.rows.length === 0) return;
  await appendAdminEntry(
    tx,
    { tenantId: check.tenant_id, actor: { kind: "system", id: `dispatcher:${run}` }, requestId: check.check_id },
    {
      action: "webhook.verify",
      target: { kind: "webhook", id: check.webhook_id },
      before: { state: "pending" },
      after: { state: "verified" },
      detail: { check_id: check.check_id },
    },
  );
}
