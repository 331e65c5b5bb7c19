import { sql } from "kysely";
import { Webhook } from "standardwebhooks";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../../test/helpers/database.ts";
import { type Received, startReceiver } from "../../test/helpers/receiver.ts";
import { until } from "../../test/helpers/until.ts";
import { addHook, addTenant, asOwner, enqueue, payments, rowsOf, runDispatcher } from "../../test/helpers/webhook-bed.ts";
import type { Db } from "../db/database.ts";
import { systemClock } from "../platform/clock.ts";

type Row = { delivery_id: string; state: string; state_reason: string | null; attempts: number; webhook_id: string };

// one database for the file; each test has tenants of its own and looks at theirs alone
let database: TestDatabase;
let db: Db;
beforeAll(async () => {
  database = await createTestDatabase();
  db = database.db;
});
afterAll(() => database[Symbol.asyncDispose]());

function deliveries(tenantId: string): Promise<Row[]> {
  return rowsOf(
    db,
    tenantId,
    sql<Row>`SELECT delivery_id, state, state_reason, attempts, webhook_id FROM delivery
    ORDER BY first_sequence`,
  );
}

function allInState(tenantId: string, state: string, count: number): Promise<Row[]> {
  return until(`${count} deliveries are ${state}`, async () => {
    const rows = await deliveries(tenantId);
    return rows.length === count && rows.every((row) => row.state === state) ? rows : undefined;
  });
}

/** The first failed try of the tenant's only delivery. */
function failedOnce(tenantId: string): Promise<Row> {
  return until("a failed try", async () => (await deliveries(tenantId)).find((row) => row.attempts === 1));
}

/** idtransaction of every item, in the order received. */
function idsOf(received: readonly Received[]): number[] {
  return received.flatMap((request) => Array.from(request.body.matchAll(/"idtransaction":(\d+)/g), (match) => Number(match[1])));
}

/** Turns the clock of the tenant's retries forward. */
async function makeDue(tenantId: string): Promise<void> {
  await asOwner(
    database.ownerUrl,
    "WITH due AS (UPDATE aqueduto.delivery SET due_at = now() - interval '1 second' WHERE state = 'pending' AND tenant_id = $1 RETURNING 1) SELECT pg_notify('aqueduto_deliveries', '') FROM due",
    [tenantId],
  );
}

test("the body on the wire is the seed's example, signed for the npm verifier, with sequence and user agent", async () => {
  await using receiver = await startReceiver();
  await using _run = await runDispatcher(database);
  const tenantId = await addTenant(db);
  const hook = await addHook(db, tenantId, { address: receiver.address });
  await enqueue(db, tenantId, [{ key: "1", body: '{"idtransaction":1,"idcliente":"01400-2","valorpago":10}' }]);
  await allInState(tenantId, "delivered", 1);
  const [got] = receiver.received;
  expect(got?.body).toBe('{"client-transaction":[{"idtransaction":1,"idcliente":"01400-2","valorpago":10}]}');
  expect(got?.headers["aqueduto-sequence"]).toBe("1-1");
  expect(got?.headers["user-agent"]).toMatch(/^Aqueduto/);
  expect(got?.headers["content-type"]).toBe("application/json");
  expect(() => new Webhook(hook.secret).verify(got?.body ?? "", headersOf(got))).not.toThrow();
  expect(receiver.received).toHaveLength(1);
});

test("exactly the verified webhooks whose license grants the type get the event", async () => {
  await using granted = await startReceiver();
  await using others = await startReceiver();
  const tenantId = await addTenant(db);
  const otherTenant = await addTenant(db);
  const no = { address: others.address };
  await addHook(db, tenantId, { address: granted.address });
  await addHook(db, tenantId, { address: granted.address });
  await addHook(db, tenantId, { ...no, state: "pending" });
  await addHook(db, tenantId, { ...no, state: "disabled" });
  await addHook(db, tenantId, { ...no, types: ["client-transaction-reversed"] });
  await addHook(db, tenantId, { ...no, granted: [] });
  await addHook(db, tenantId, { ...no, granted: [{ type: "client-transaction-reversed", variant: "whole" }] });
  await addHook(db, tenantId, { ...no, licenseState: "approved" });
  await addHook(db, tenantId, { ...no, licenseState: "ended" });
  await addHook(db, tenantId, { ...no, endsAt: "2021-01-01" });
  await addHook(db, tenantId, { ...no, startsAt: "2098-01-01" });
  await addHook(db, tenantId, { ...no, partnerState: "revoked" });
  await addHook(db, tenantId, { ...no, mode: "test" });
  await addHook(db, otherTenant, no);
  await using _run = await runDispatcher(database);
  await enqueue(db, tenantId, payments(1));
  await allInState(tenantId, "delivered", 2);
  expect(granted.received).toHaveLength(2);
  expect(others.received).toHaveLength(0);
  expect(await rowsOf(db, tenantId, sql`SELECT matched FROM event`)).toEqual([{ matched: 2 }]);
});

test("an event that is for nobody is marked with that fact and uses no number", async () => {
  await using receiver = await startReceiver();
  const tenantId = await addTenant(db);
  await addHook(db, tenantId, { address: receiver.address });
  await using _run = await runDispatcher(database);
  await enqueue(db, tenantId, payments(3), { type: "client-transaction-reversed" });
  await enqueue(db, tenantId, payments(1), { mode: "test" });
  await until("fanned out", async () => (await rowsOf(db, tenantId, sql`SELECT 1 FROM event WHERE fanned_at IS NULL`)).length === 0);
  expect(await rowsOf(db, tenantId, sql`SELECT DISTINCT matched FROM event`)).toEqual([{ matched: 0 }]);
  await enqueue(db, tenantId, payments(2, 10));
  await allInState(tenantId, "delivered", 1);
  expect(receiver.received.map((request) => request.headers["aqueduto-sequence"])).toEqual(["1-2"]);
});

test("a thin grant sends ids only", async () => {
  await using receiver = await startReceiver();
  const tenantId = await addTenant(db);
  await addHook(db, tenantId, { address: receiver.address, granted: [{ type: "client-transaction", variant: "thin" }] });
  await using _run = await runDispatcher(database);
  await enqueue(db, tenantId, payments(2));
  await allInState(tenantId, "delivered", 1);
  expect(receiver.received[0]?.body).toBe('{"client-transaction":[{"idtransaction":1},{"idtransaction":2}]}');
});

test("1,000 events of one call arrive as exactly 1,000 items in order, each with its number", async () => {
  await using receiver = await startReceiver();
  const tenantId = await addTenant(db);
  const hook = await addHook(db, tenantId, { address: receiver.address });
  await using _run = await runDispatcher(database);
  await enqueue(db, tenantId, payments(1000));
  await allInState(tenantId, "delivered", 2);
  const ordered = receiver.received.toSorted((a, b) => firstNumber(a) - firstNumber(b));
  expect(ordered.map((request) => request.headers["aqueduto-sequence"])).toEqual(["1-500", "501-1000"]);
  expect(idsOf(ordered)).toEqual(Array.from({ length: 1000 }, (_, i) => i + 1));
  for (const request of ordered) expect(() => new Webhook(hook.secret).verify(request.body, headersOf(request))).not.toThrow();
});

test("max_batch bounds a delivery, and items of two calls are never in one", async () => {
  await using receiver = await startReceiver();
  const tenantId = await addTenant(db);
  await addHook(db, tenantId, { address: receiver.address, maxBatch: 2 });
  await enqueue(db, tenantId, payments(3));
  await enqueue(db, tenantId, payments(1, 4));
  await using _run = await runDispatcher(database);
  await allInState(tenantId, "delivered", 3);
  expect(new Set(receiver.received.map((request) => request.headers["aqueduto-sequence"]))).toEqual(new Set(["1-2", "3-3", "4-4"]));
});

test("a retry has the same webhook-id, numbers and bytes, a new timestamp and a signature that verifies", async () => {
  await using receiver = await startReceiver((_request, response, nth) => response.writeHead(nth === 1 ? 500 : 204).end("não agora"));
  const tenantId = await addTenant(db);
  const hook = await addHook(db, tenantId, { address: receiver.address });
  let now = Date.now() - 120_000;
  const clock = { now: () => new Date(now), monotonicMs: () => performance.now() };
  await using _run = await runDispatcher(database, { clock });
  await enqueue(db, tenantId, payments(5));
  await failedOnce(tenantId);
  // membership is frozen: what comes later does not join
  await enqueue(db, tenantId, payments(1, 6), { type: "client-transaction-reversed" });
  now += 100_000;
  await makeDue(tenantId);
  await allInState(tenantId, "delivered", 1);
  const [first, second] = receiver.received;
  expect(second?.id).toBe(first?.id);
  expect(second?.body).toBe(first?.body);
  expect(second?.headers["aqueduto-sequence"]).toBe(first?.headers["aqueduto-sequence"]);
  expect(Number(second?.headers["webhook-timestamp"]) - Number(first?.headers["webhook-timestamp"])).toBe(100);
  expect(second?.headers["webhook-signature"]).not.toBe(first?.headers["webhook-signature"]);
  for (const request of [first, second])
    expect(() => new Webhook(hook.secret).verify(request?.body ?? "", headersOf(request))).not.toThrow();
  const attempts = await rowsOf(
    db,
    tenantId,
    sql`SELECT number, status, outcome, error_code, response_excerpt, decisive FROM attempt ORDER BY number`,
  );
  expect(attempts).toEqual([
    { number: 1, status: 500, outcome: "retry", error_code: "status-500", response_excerpt: "não agora", decisive: true },
    { number: 2, status: 204, outcome: "delivered", error_code: null, response_excerpt: null, decisive: true },
  ]);
});

test("a redirect is a failure and is not followed", async () => {
  await using elsewhere = await startReceiver();
  await using receiver = await startReceiver((_request, response) => response.writeHead(307, { location: elsewhere.url }).end());
  const tenantId = await addTenant(db);
  await addHook(db, tenantId, { address: receiver.address });
  await using _run = await runDispatcher(database);
  await enqueue(db, tenantId, payments(1));
  const row = await failedOnce(tenantId);
  expect(row).toMatchObject({ state: "pending", state_reason: "redirect-refused" });
  expect(elsewhere.received).toHaveLength(0);
});

test("a webhook that hangs does not delay another", async () => {
  await using hanging = await startReceiver(() => undefined);
  await using healthy = await startReceiver();
  const tenantId = await addTenant(db);
  await addHook(db, tenantId, { address: hanging.address, maxBatch: 1 });
  await addHook(db, tenantId, { address: healthy.address, maxBatch: 1 });
  await using _run = await runDispatcher(database);
  await enqueue(db, tenantId, payments(60));
  await until("60 at the healthy one", () => healthy.received.length === 60);
  expect(hanging.received.length).toBe(4);
  expect(idsOf(healthy.received).toSorted((a, b) => a - b)).toEqual(Array.from({ length: 60 }, (_, i) => i + 1));
});

test("a delivery that has ended is in the admin log with how it ended", async () => {
  await using receiver = await startReceiver();
  const tenantId = await addTenant(db);
  const hook = await addHook(db, tenantId, { address: receiver.address });
  await using _run = await runDispatcher(database);
  await enqueue(db, tenantId, payments(3));
  await allInState(tenantId, "delivered", 1);
  const entries = await rowsOf(db, tenantId, sql`SELECT action, target_id, detail FROM admin_entry WHERE action = 'delivery.end'`);
  const [delivery] = await rowsOf(db, tenantId, sql<{ delivery_id: string }>`SELECT delivery_id FROM delivery`);
  const detail = {
    webhook_id: hook.webhookId,
    type: "client-transaction",
    state: "delivered",
    items: 3,
    attempts: 1,
    first_sequence: "1",
    last_sequence: "3",
  };
  expect(entries).toEqual([
    expect.objectContaining({ action: "delivery.end", target_id: delivery?.delivery_id, detail: expect.objectContaining(detail) }),
  ]);
});

test("an event that comes while the license is suspended is held and delivered when it is active again", async () => {
  await using receiver = await startReceiver();
  const tenantId = await addTenant(db);
  const hook = await addHook(db, tenantId, { address: receiver.address, licenseState: "suspended" });
  await using _run = await runDispatcher(database);
  await enqueue(db, tenantId, payments(2));
  expect((await allInState(tenantId, "held", 1))[0]?.state_reason).toBe("license-suspended");
  expect(receiver.received).toHaveLength(0);
  await asOwner(database.ownerUrl, "UPDATE aqueduto.license SET state = 'active' WHERE license_id = $1", [hook.licenseId]);
  await allInState(tenantId, "delivered", 1);
  expect(receiver.received).toHaveLength(1);
});

test("a suspended license holds its deliveries until it is active again", async () => {
  await using receiver = await startReceiver((_request, response, nth) => response.writeHead(nth === 1 ? 503 : 204).end());
  const tenantId = await addTenant(db);
  const hook = await addHook(db, tenantId, { address: receiver.address });
  await using _run = await runDispatcher(database);
  await enqueue(db, tenantId, payments(1));
  await failedOnce(tenantId);
  await asOwner(database.ownerUrl, "UPDATE aqueduto.license SET state = 'suspended' WHERE license_id = $1", [hook.licenseId]);
  await makeDue(tenantId);
  expect((await allInState(tenantId, "held", 1))[0]?.state_reason).toBe("license-suspended");
  expect(receiver.received).toHaveLength(1);
  await asOwner(database.ownerUrl, "UPDATE aqueduto.license SET state = 'active' WHERE license_id = $1", [hook.licenseId]);
  await allInState(tenantId, "delivered", 1);
  expect(receiver.received).toHaveLength(2);
});

test.each([
  ["the license", "license", (hook: { licenseId: string }) => hook.licenseId, "license-suspended"],
  ["the partner", "partner", (hook: { partnerId: string }) => hook.partnerId, "partner-disabled"],
  ["everything", "all", () => "", "partner-disabled"],
])("a kill switch of %s holds deliveries, and events that come meanwhile, until it is undone", async (_name, level, targetOf, reason) => {
  await using receiver = await startReceiver((_request, response, nth) => response.writeHead(nth === 1 ? 503 : 204).end());
  const tenantId = await addTenant(db);
  const hook = await addHook(db, tenantId, { address: receiver.address });
  await using _run = await runDispatcher(database);
  await enqueue(db, tenantId, payments(1));
  await failedOnce(tenantId);
  await asOwner(
    database.ownerUrl,
    `INSERT INTO aqueduto.kill_switch (tenant_id, switch_id, level, target_id, reason, set_at, set_by_kind, set_by)
     VALUES ($1, 'ksw_1', $2, $3, 'x', now(), 'key', 'key_x')`,
    [tenantId, level, targetOf(hook)],
  );
  await makeDue(tenantId);
  expect((await allInState(tenantId, "held", 1))[0]?.state_reason).toBe(reason);
  await enqueue(db, tenantId, payments(1, 2));
  await allInState(tenantId, "held", 2);
  expect(receiver.received).toHaveLength(1);
  await asOwner(
    database.ownerUrl,
    `UPDATE aqueduto.kill_switch SET undone_at = now(), undone_by_kind = 'user', undone_by = 'usr_x', undone_reason = 'x' WHERE tenant_id = $1`,
    [tenantId],
  );
  await allInState(tenantId, "delivered", 2);
  expect(receiver.received).toHaveLength(3);
});

test.each([
  ["the license has ended", "UPDATE aqueduto.license SET state = 'ended' WHERE license_id = $1", "license-ended"],
  ["the license's time is over", "UPDATE aqueduto.license SET ends_at = now() WHERE license_id = $1", "license-ended"],
  ["the grant is removed", "DELETE FROM aqueduto.license_event WHERE license_id = $1", "grant-removed"],
  ["the grant is thin now", "UPDATE aqueduto.license_event SET variant = 'thin' WHERE license_id = $1", "grant-narrowed"],
])("when %s its deliveries are cancelled with the reason", async (_name, statement, reason) => {
  await using receiver = await startReceiver((_request, response) => response.writeHead(503).end());
  const tenantId = await addTenant(db);
  const hook = await addHook(db, tenantId, { address: receiver.address });
  await using _run = await runDispatcher(database);
  await enqueue(db, tenantId, payments(1));
  await failedOnce(tenantId);
  await asOwner(database.ownerUrl, statement, [hook.licenseId]);
  await makeDue(tenantId);
  expect((await allInState(tenantId, "cancelled", 1))[0]?.state_reason).toBe(reason);
  expect(receiver.received).toHaveLength(1);
});

test("410 disables the webhook with an entry in the admin log, and what waits for it is cancelled", async () => {
  await using receiver = await startReceiver((_request, response) => response.writeHead(410).end());
  const tenantId = await addTenant(db);
  const hook = await addHook(db, tenantId, { address: receiver.address, maxBatch: 1 });
  await using _run = await runDispatcher(database, { windowSize: 1 });
  await enqueue(db, tenantId, payments(3));
  const rows = await allInState(tenantId, "cancelled", 3);
  expect(rows.map((row) => row.state_reason)).toContain("webhook-disabled");
  expect(await rowsOf(db, tenantId, sql`SELECT state, state_reason FROM webhook`)).toEqual([{ state: "disabled", state_reason: "gone" }]);
  expect(await rowsOf(db, tenantId, sql`SELECT action, target_id FROM admin_entry WHERE action = 'webhook.disable'`)).toEqual([
    { action: "webhook.disable", target_id: hook.webhookId },
  ]);
});

test("after the last try a delivery is dead, with every attempt kept", async () => {
  await using receiver = await startReceiver((_request, response) => response.writeHead(500).end());
  const tenantId = await addTenant(db);
  await addHook(db, tenantId, { address: receiver.address });
  await using _run = await runDispatcher(database, { schedule: [0, 1, 1] });
  await enqueue(db, tenantId, payments(1));
  expect(await allInState(tenantId, "dead", 1)).toMatchObject([{ attempts: 3, state_reason: "status-500" }]);
  expect(await rowsOf(db, tenantId, sql`SELECT outcome FROM attempt ORDER BY number`)).toEqual([
    { outcome: "retry" },
    { outcome: "retry" },
    { outcome: "dead" },
  ]);
  expect(await rowsOf(db, tenantId, sql`SELECT failures, last_success_at FROM webhook_health`)).toEqual([
    { failures: 3n, last_success_at: null },
  ]);
});

test("an address that is not allowed gets nothing", async () => {
  await using own = await startReceiver();
  const tenantId = await addTenant(db);
  await addHook(db, tenantId, { address: own.address });
  await using _run = await runDispatcher(database, { forbidden: () => [{ host: "0.0.0.0", port: Number(own.address.split(":")[1]) }] });
  await enqueue(db, tenantId, payments(1));
  const row = await failedOnce(tenantId);
  expect(row.state_reason).toBe("target-forbidden");
  expect(own.received).toHaveLength(0);
});

test("two tenants never mix", async () => {
  await using a = await startReceiver();
  await using b = await startReceiver();
  const [tenantA, tenantB] = [await addTenant(db), await addTenant(db)];
  await addHook(db, tenantA, { address: a.address });
  await addHook(db, tenantB, { address: b.address });
  await using _run = await runDispatcher(database);
  await Promise.all([enqueue(db, tenantA, payments(700, 1)), enqueue(db, tenantB, payments(700, 100_001))]);
  await until("all delivered", () => idsOf(a.received).length === 700 && idsOf(b.received).length === 700);
  expect(Math.max(...idsOf(a.received))).toBe(700);
  expect(Math.min(...idsOf(b.received))).toBe(100_001);
});

test("a drain in the middle and a new start lose nothing", async () => {
  await using receiver = await startReceiver((_request, response) => setTimeout(() => response.writeHead(204).end(), 3));
  const tenantId = await addTenant(db);
  await addHook(db, tenantId, { address: receiver.address, maxBatch: 5 });
  const first = await runDispatcher(database);
  await enqueue(db, tenantId, payments(600));
  await until("some delivered", () => receiver.received.length > 10);
  await first.drain(5_000);
  expect(await rowsOf(db, tenantId, sql`SELECT 1 FROM delivery WHERE claimed_by IS NOT NULL`)).toEqual([]);
  expect(await rowsOf(db, tenantId, sql`SELECT 1 FROM delivery WHERE state = 'pending' LIMIT 1`)).toHaveLength(1);
  await using _second = await runDispatcher(database);
  await allInState(tenantId, "delivered", 120);
  expect([...new Set(idsOf(receiver.received))].toSorted((x, y) => x - y)).toEqual(Array.from({ length: 600 }, (_, i) => i + 1));
  // a clean drain repeats nothing
  expect(receiver.received).toHaveLength(120);
});

test("claims of a run that died are taken over once its lease has lapsed", async () => {
  await using receiver = await startReceiver();
  const tenantId = await addTenant(db);
  await addHook(db, tenantId, { address: receiver.address });
  await using _run = await runDispatcher(database);
  await asOwner(
    database.ownerUrl,
    "INSERT INTO aqueduto.lease (name, holder, until) VALUES ('dispatcher:run_dead', 'run_dead', now() + interval '1500 milliseconds')",
  );
  await asOwner(
    database.ownerUrl,
    "CREATE FUNCTION pg_temp_claim() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.claimed_by := 'run_dead'; RETURN NEW; END $$",
  );
  await asOwner(database.ownerUrl, "CREATE TRIGGER dead BEFORE INSERT ON aqueduto.delivery FOR EACH ROW EXECUTE FUNCTION pg_temp_claim()");
  await enqueue(db, tenantId, payments(1));
  await allInState(tenantId, "delivered", 1);
  await asOwner(database.ownerUrl, "DROP TRIGGER dead ON aqueduto.delivery");
  const [late] = await rowsOf(
    db,
    tenantId,
    sql<{ late: boolean }>`SELECT d.ended_at >= l.until AS late FROM delivery d, lease l WHERE l.name = 'dispatcher:run_dead'`,
  );
  expect(late).toEqual({ late: true });
});

test("what was claimed is delivered also when its webhook could not be loaded right after the claim", async () => {
  await using receiver = await startReceiver((_request, response, nth) => response.writeHead(nth === 1 ? 503 : 204).end());
  const tenantId = await addTenant(db);
  await addHook(db, tenantId, { address: receiver.address });
  {
    await using _first = await runDispatcher(database);
    await enqueue(db, tenantId, payments(1));
    await failedOnce(tenantId);
  }
  await asOwner(database.ownerUrl, "REVOKE SELECT ON aqueduto.tenant FROM aqueduto_app");
  await makeDue(tenantId);
  await using _run = await runDispatcher(database);
  await until("the claim", async () => (await rowsOf(db, tenantId, sql`SELECT 1 FROM delivery WHERE claimed_by IS NOT NULL`)).length === 1);
  await asOwner(database.ownerUrl, "GRANT SELECT ON aqueduto.tenant TO aqueduto_app");
  await allInState(tenantId, "delivered", 1);
});

test("a delivery that retention moved to another day during its try is settled where it is now", async () => {
  const tenantId = await addTenant(db);
  await using receiver = await startReceiver((_request, response) => {
    void asOwner(database.ownerUrl, "UPDATE aqueduto.delivery SET day = day + 1 WHERE tenant_id = $1", [tenantId]).then(() =>
      response.writeHead(204).end(),
    );
  });
  await addHook(db, tenantId, { address: receiver.address });
  await using _run = await runDispatcher(database);
  await enqueue(db, tenantId, payments(1));
  await allInState(tenantId, "delivered", 1);
  expect(await rowsOf(db, tenantId, sql`SELECT decisive FROM attempt`)).toEqual([{ decisive: true }]);
});

test("after a week in which no timer ran the day's tables are made before anything is sent", async () => {
  await using receiver = await startReceiver((_request, response, nth) => response.writeHead(nth === 1 ? 503 : 204).end());
  const tenantId = await addTenant(db);
  await addHook(db, tenantId, { address: receiver.address });
  let sleptMs = 0;
  const clock = { now: () => new Date(Date.now() + sleptMs), monotonicMs: () => systemClock.monotonicMs() };
  await using _run = await runDispatcher(database, { clock });
  await enqueue(db, tenantId, payments(1));
  await failedOnce(tenantId);
  sleptMs = 7 * 24 * 3_600_000;
  const attempts = `aqueduto.attempt_d${new Date().toISOString().slice(0, 10).replaceAll("-", "")}`;
  await asOwner(database.ownerUrl, `DROP TABLE ${attempts}`);
  await makeDue(tenantId);
  await allInState(tenantId, "delivered", 1);
  expect(receiver.received).toHaveLength(2);
});

test("a delivery whose result the store refuses is not sent again at once", async () => {
  await using refused = await startReceiver();
  await using healthy = await startReceiver();
  const tenantId = await addTenant(db);
  const hook = await addHook(db, tenantId, { address: refused.address });
  await addHook(db, tenantId, { address: healthy.address, types: ["client-transaction-reversed"] });
  await asOwner(database.ownerUrl, `ALTER TABLE aqueduto.attempt ADD CONSTRAINT refused CHECK (webhook_id <> '${hook.webhookId}')`);
  await using _run = await runDispatcher(database);
  await enqueue(db, tenantId, payments(1));
  for (let nth = 1; nth <= 20; nth += 1) {
    await enqueue(db, tenantId, payments(1, 100 + nth), { type: "client-transaction-reversed" });
    await until("the other webhook's delivery", () => healthy.received.length === nth);
  }
  await asOwner(database.ownerUrl, "ALTER TABLE aqueduto.attempt DROP CONSTRAINT refused");
  expect(refused.received).toHaveLength(1);
});

test("lost connections to the store do not end the dispatcher", async () => {
  await using receiver = await startReceiver();
  const tenantId = await addTenant(db);
  await addHook(db, tenantId, { address: receiver.address });
  await using run = await runDispatcher(database);
  await until("ready", () => run.readiness().ready);
  for (let i = 0; i < 3; i += 1) {
    await asOwner(
      database.ownerUrl,
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()",
    );
    await until("stored", () => enqueue(db, tenantId, payments(10, i * 10 + 1)).catch(() => undefined));
    await until(`${(i + 1) * 10} items`, () => new Set(idsOf(receiver.received)).size === (i + 1) * 10);
  }
});

function firstNumber(request: Received): number {
  return Number(String(request.headers["aqueduto-sequence"]).split("-")[0]);
}

function headersOf(request: Received | undefined): Record<string, string> {
  return Object.fromEntries(Object.entries(request?.headers ?? {}).map(([name, value]) => [name, String(value)]));
}
