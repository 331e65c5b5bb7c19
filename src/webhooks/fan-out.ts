import { sql } from "kysely";
import type { Db, Tx } from "../db/database.ts";
import { platformTx, tenantTx } from "../db/tx.ts";
import type { Clock } from "../platform/clock.ts";
import { newId } from "../platform/ids.ts";
import type { DispatcherLease } from "./lease.ts";
import { loadTenantTargets } from "./load-targets.ts";
import { type PlannedDelivery, planDeliveries, type UnfannedEvent } from "./plan-deliveries.ts";

/** Events of one short transaction. */
const pageSize = 500;

export type FanOutOptions = { db: Db; clock: Clock; lease: DispatcherLease };

/**
 * Turns all events that wait into deliveries, for the tenants whose shard this run holds: one page per tenant in turn, so
 * that a bank file of one utility does not stand before another's payment. Returns the number of events done.
 */
export async function fanOut(options: FanOutOptions): Promise<number> {
  let done = 0;
  let tenants = await platformTx(options.db, waitingTenants);
  while (tenants.length > 0) {
    const more: string[] = [];
    for (const tenantId of tenants) {
      const count = await fanOutPage(options, tenantId);
      done += count;
      if (count === pageSize) more.push(tenantId);
    }
    tenants = more;
  }
  return done;
}

/**
 * One page of one tenant in one transaction: fence, events, deliveries with their numbers, events marked. A crash anywhere
 * leaves either all of it or nothing. Returns the number of events done; 0 when another run is the shard's worker.
 */
async function fanOutPage({ db, clock, lease }: FanOutOptions, tenantId: string): Promise<number> {
  const fence = lease.fenceFor(tenantId);
  if (fence === undefined) return 0;
  return tenantTx(db, tenantId, async (tx) => {
    if (!(await lease.fence(tx, tenantId, fence))) return 0;
    const events = await takePage(tx, tenantId);
    if (events.length === 0) return 0;
    const targets = await loadTenantTargets(tx, tenantId);
    const { deliveries, matched } = planDeliveries(events, targets, clock.now());
    await insertDeliveries(tx, tenantId, deliveries);
    await markFanned(tx, tenantId, events, matched);
    if (deliveries.length > 0) await sql`SELECT pg_notify('aqueduto_deliveries', '')`.execute(tx);
    return events.length;
  });
}

/** Tenants with events that wait: one index probe per tenant, however many events. */
async function waitingTenants(tx: Tx): Promise<string[]> {
  const { rows } = await sql<{ tenant_id: string }>`
    WITH RECURSIVE waiting AS (
      (SELECT tenant_id FROM event WHERE fanned_at IS NULL ORDER BY tenant_id LIMIT 1)
      UNION ALL
      SELECT n.tenant_id FROM waiting w CROSS JOIN LATERAL (
        SELECT e.tenant_id FROM event e WHERE e.fanned_at IS NULL AND e.tenant_id > w.tenant_id ORDER BY e.tenant_id LIMIT 1) n
    )
    SELECT tenant_id FROM waiting`.execute(tx);
  return rows.map((row) => row.tenant_id);
}

/** Found by state, never by "id above the last one": ids become visible out of order. */
async function takePage(tx: Tx, tenantId: string): Promise<UnfannedEvent[]> {
  const { rows } = await sql<UnfannedEvent>`
    SELECT event_id, day, type, mode, octet_length(body) AS bytes FROM event
     WHERE tenant_id = ${tenantId} AND fanned_at IS NULL
     ORDER BY event_id LIMIT ${pageSize} FOR UPDATE SKIP LOCKED`.execute(tx);
  return rows;
}

async function insertDeliveries(tx: Tx, tenantId: string, planned: readonly PlannedDelivery[]): Promise<void> {
  if (planned.length === 0) return;
  const next = await takeNumbers(tx, tenantId, planned);
  const rows = planned.map((delivery) => {
    const first = next.get(delivery.webhookId) ?? 1n;
    next.set(delivery.webhookId, first + BigInt(delivery.eventIds.length));
    return {
      delivery_id: newId("dlv"),
      webhook_id: delivery.webhookId,
      type: delivery.type,
      variant: delivery.variant,
      event_day: delivery.eventDay,
      event_ids: delivery.eventIds,
      first_sequence: first.toString(),
      last_sequence: (first + BigInt(delivery.eventIds.length) - 1n).toString(),
    };
  });
  await sql`
    INSERT INTO delivery (tenant_id, day, delivery_id, webhook_id, type, variant, event_day, event_ids, first_sequence, last_sequence)
    SELECT ${tenantId}, (now() AT TIME ZONE 'UTC')::date, d.delivery_id, d.webhook_id, d.type, d.variant, d.event_day, d.event_ids,
           d.first_sequence, d.last_sequence
      FROM jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) AS d(delivery_id text, webhook_id text, type text, variant text,
        event_day date, event_ids text[], first_sequence bigint, last_sequence bigint)`.execute(tx);
}

/** The first free number of each webhook; the row's lock keeps the numbers dense. Webhooks in order, against deadlocks. */
async function takeNumbers(tx: Tx, tenantId: string, planned: readonly PlannedDelivery[]): Promise<Map<string, bigint>> {
  const counts = new Map<string, number>();
  for (const { webhookId, eventIds } of planned) counts.set(webhookId, (counts.get(webhookId) ?? 0) + eventIds.length);
  const { rows } = await sql<{ webhook_id: string; next: bigint }>`
    INSERT INTO webhook_sequence AS s (tenant_id, webhook_id, next)
    SELECT ${tenantId}, c.webhook_id, 1 + c.count FROM unnest(${[...counts.keys()]}::text[], ${[...counts.values()]}::int[])
      AS c(webhook_id, count) ORDER BY c.webhook_id
    ON CONFLICT (tenant_id, webhook_id) DO UPDATE SET next = s.next + excluded.next - 1
    RETURNING webhook_id, next`.execute(tx);
  return new Map(rows.map((row) => [row.webhook_id, row.next - BigInt(counts.get(row.webhook_id) ?? 0)]));
}

/** One statement per day and count, so that each is a plain search by primary key. */
async function markFanned(tx: Tx, tenantId: string, events: readonly UnfannedEvent[], matched: readonly number[]): Promise<void> {
  const groups = Map.groupBy(events.keys(), (i) => `${events[i]?.day}/${matched[i]}`);
  for (const indexes of groups.values()) {
    const first = indexes[0] ?? 0;
    await sql`
      UPDATE event SET fanned_at = now(), matched = ${matched[first]}
       WHERE tenant_id = ${tenantId} AND day = ${events[first]?.day} AND event_id = ANY (${indexes.map((i) => events[i]?.event_id)}::text[])`.execute(
      tx,
    );
  }
}
