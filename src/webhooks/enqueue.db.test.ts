import { sql } from "kysely";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../../test/helpers/database.ts";
import { addHook, addTenant, asOwner, enqueue, payments, rowsOf } from "../../test/helpers/webhook-bed.ts";
import type { Db } from "../db/database.ts";
import { platformTx, tenantTx } from "../db/tx.ts";

let database: TestDatabase;
let db: Db;
beforeAll(async () => {
  database = await createTestDatabase();
  db = database.db;
});
afterAll(() => database[Symbol.asyncDispose]());

const outcomes = (rows: readonly { outcome: string }[]) => rows.map((row) => row.outcome);

test("a key is taken once: the same bytes are a duplicate of the first event, other bytes a conflict", async () => {
  const tenantId = await addTenant(db);
  const [first] = await enqueue(db, tenantId, [{ key: "1", body: '{"a":1}' }]);
  const again = await enqueue(db, tenantId, [
    { key: "1", body: '{"a":1}' },
    { key: "1", body: '{"a": 1}' },
    { key: "2", body: '{"a":2}' },
    { key: "2", body: '{"a":2}' },
    { key: "2", body: '{"a":3}' },
  ]);
  expect(outcomes(again)).toEqual(["duplicate", "conflict", "created", "duplicate", "conflict"]);
  expect(again[0]?.event_id).toBe(first?.event_id);
  expect(await rowsOf(db, tenantId, sql`SELECT body FROM event ORDER BY event_id`)).toEqual([{ body: '{"a":1}' }, { body: '{"a":2}' }]);
});

test("the same key of another type or another tenant is another event", async () => {
  const [a, b] = [await addTenant(db), await addTenant(db)];
  expect(outcomes(await enqueue(db, a, payments(1)))).toEqual(["created"]);
  expect(outcomes(await enqueue(db, a, payments(1), { type: "client-transaction-reversed" }))).toEqual(["created"]);
  expect(outcomes(await enqueue(db, b, payments(1)))).toEqual(["created"]);
});

test("bodies are kept byte for byte and ids sort in the order of the call", async () => {
  const tenantId = await addTenant(db);
  const items = [
    { key: "b", body: '{ "valorpago" : 10.50,\n "nome":"\\u00e7ç 💧" }' },
    { key: "a", body: '{"idtransaction":12345678901234567890.10}' },
  ];
  await enqueue(db, tenantId, items);
  const rows = await rowsOf(db, tenantId, sql`SELECT body FROM event ORDER BY event_id`);
  expect(rows).toEqual(items.map(({ body }) => ({ body })));
});

test("when the producer rolls back there is no event and no key", async () => {
  const tenantId = await addTenant(db);
  await expect(
    tenantTx(db, tenantId, async (tx) => {
      await sql`SELECT * FROM aqueduto.enqueue_events(${tenantId}, 'live', 'client-transaction', ARRAY['1'], ARRAY['{"a":1}'], 'capture:x')`.execute(
        tx,
      );
      throw new Error("the producer failed");
    }),
  ).rejects.toThrow("the producer failed");
  expect(outcomes(await enqueue(db, tenantId, payments(1)))).toEqual(["created"]);
});

test("two producers with the same keys at the same time make each event once", async () => {
  const tenantId = await addTenant(db);
  const forward = payments(300);
  const results = await Promise.all([
    enqueue(db, tenantId, forward),
    enqueue(db, tenantId, forward.toReversed()),
    enqueue(db, tenantId, forward),
  ]);
  const created = results.flat().filter((row) => row.outcome === "created");
  expect(created).toHaveLength(300);
  expect(new Set(results.flat().map((row) => row.event_id)).size).toBe(300);
  expect(await rowsOf(db, tenantId, sql`SELECT count(*) AS n FROM event`)).toEqual([{ n: 300n }]);
});

const good = { mode: "live", type: "client-transaction", keys: ["1"], bodies: ['{"a":1}'] };
test.each([
  ["keys and bodies of different length", { ...good, keys: ["1", "2"] }, "22023"],
  ["a body that is not JSON", { ...good, bodies: ['{"a":'] }, "22P02"],
  ["a body that is not an object", { ...good, bodies: ["[1]"] }, "22023"],
  ["an unknown mode", { ...good, mode: "prod" }, "23514"],
  ["a type that would break the body", { ...good, type: 'x":[1],"y' }, "23514"],
  ["an empty key", { ...good, keys: [""] }, "23514"],
  ["a key that is null", { ...good, keys: [null] }, "23502"],
  ["a body above 64 KiB", { ...good, bodies: [`{"a":"${"x".repeat(65536)}"}`] }, "23514"],
])("%s is refused as a whole", async (_name, { mode, type, keys, bodies }, code) => {
  const tenantId = await addTenant(db);
  const call = tenantTx(db, tenantId, (tx) =>
    sql`SELECT * FROM aqueduto.enqueue_events(${tenantId}, ${mode}, ${type}, ${keys}::text[], ${bodies}::text[], 'capture:x')`.execute(tx),
  );
  await expect(call).rejects.toMatchObject({ code });
  expect(await rowsOf(db, tenantId, sql`SELECT 1 FROM event_key`)).toEqual([]);
});

test("no events is no error", async () => {
  const tenantId = await addTenant(db);
  expect(await enqueue(db, tenantId, [])).toEqual([]);
});

test("a transaction of one tenant can neither write nor see another's events", async () => {
  const [a, b] = [await addTenant(db), await addTenant(db)];
  await enqueue(db, a, payments(1));
  const call = tenantTx(db, b, (tx) =>
    sql`SELECT * FROM aqueduto.enqueue_events(${a}, 'live', 'client-transaction', ARRAY['9'], ARRAY['{"a":1}'], 'capture:x')`.execute(tx),
  );
  await expect(call).rejects.toMatchObject({ code: "42501" });
  for (const table of ["event", "event_key", "delivery", "attempt", "webhook_sequence", "webhook_health", "webhook_check"]) {
    expect(await rowsOf(db, b, sql`SELECT 1 FROM ${sql.table(table)}`)).toEqual([]);
  }
});

test("a day partition cannot be reached beside its parent", async () => {
  const tenantId = await addTenant(db);
  await enqueue(db, tenantId, payments(1));
  const [{ name } = { name: "" }] = await rowsOf(db, tenantId, sql<{ name: string }>`SELECT tableoid::regclass::text AS name FROM event`);
  expect(name).toMatch(/^event_d\d{8}$/);
  await expect(rowsOf(db, tenantId, sql`SELECT 1 FROM ${sql.table(name)}`)).rejects.toMatchObject({ code: "42501" });
});

test.each([
  "UPDATE event SET body = '{}'",
  "UPDATE event SET type = 'x'",
  "DELETE FROM event",
  "UPDATE delivery SET event_ids = '{}'",
  "UPDATE attempt SET status = 1",
  "DELETE FROM event_key",
])("the platform's role may not %s", async (statement) => {
  await expect(platformTx(db, (tx) => sql.raw(statement).execute(tx))).rejects.toMatchObject({ code: "42501" });
});

test("callback keys are kept 7 days, all others 13 months", async () => {
  const tenantId = await addTenant(db);
  await enqueue(db, tenantId, payments(1), { source: "callback:key_1" });
  await enqueue(db, tenantId, payments(1, 2), { source: "capture:base" });
  const rows = await rowsOf(
    db,
    tenantId,
    sql`SELECT key, (kept_until = created_at + CASE key WHEN '1' THEN interval '7 days' ELSE interval '13 months' END) AS right FROM event_key ORDER BY key`,
  );
  expect(rows).toEqual([
    { key: "1", right: true },
    { key: "2", right: true },
  ]);
});

test("dropping a day moves what is not delivered yet and takes the rest; a young day is refused", async () => {
  const tenantId = await addTenant(db);
  const hook = await addHook(db, tenantId, { address: "127.0.0.1:1" });
  const owner = (statement: string) => asOwner(database.ownerUrl, statement);
  await owner("SELECT aqueduto.ensure_event_days('2020-01-01', '2020-01-02')");
  await enqueue(db, tenantId, payments(3));
  const [one, two, three] = (await rowsOf(db, tenantId, sql<{ event_id: string }>`SELECT event_id FROM event ORDER BY event_id`)).map(
    (row) => row.event_id,
  );
  await owner(`UPDATE aqueduto.event SET day = '2020-01-01', fanned_at = now(), matched = 1 WHERE tenant_id = '${tenantId}'`);
  await owner(`INSERT INTO aqueduto.delivery (tenant_id, day, delivery_id, webhook_id, type, variant, event_day, event_ids, first_sequence, last_sequence, state, ended_at)
    VALUES ('${tenantId}', '2020-01-01', 'dlv_done', '${hook.webhookId}', 't', 'whole', '2020-01-01', ARRAY['${one}'], 1, 1, 'delivered', now()),
           ('${tenantId}', '2020-01-01', 'dlv_held', '${hook.webhookId}', 't', 'whole', '2020-01-01', ARRAY['${two}', '${three}'], 2, 3, 'held', NULL)`);
  await expect(owner("SELECT aqueduto.drop_event_day((now() AT TIME ZONE 'UTC')::date)")).rejects.toMatchObject({ code: "22023" });
  await owner("SELECT aqueduto.drop_event_day('2020-01-01')");
  const today = sql`(now() AT TIME ZONE 'UTC')::date`;
  expect(await rowsOf(db, tenantId, sql`SELECT event_id, day = ${today} AS moved FROM event ORDER BY 1`)).toEqual(
    [two, three].map((event_id) => ({ event_id, moved: true })),
  );
  expect(await rowsOf(db, tenantId, sql`SELECT delivery_id, event_day = ${today} AS moved FROM delivery`)).toEqual([
    { delivery_id: "dlv_held", moved: true },
  ]);
  const gone = await owner(
    "SELECT to_regclass('aqueduto.event_d20200101') AS gone, to_regclass('aqueduto.event_d20200102') IS NOT NULL AS kept",
  );
  expect(gone.rows).toEqual([{ gone: null, kept: true }]);
});

test("keys whose time has passed are purged and can be used again", async () => {
  const tenantId = await addTenant(db);
  await enqueue(db, tenantId, payments(2));
  await asOwner(
    database.ownerUrl,
    "UPDATE aqueduto.event_key SET kept_until = now() - interval '1 second' WHERE tenant_id = $1 AND key = '1'",
    [tenantId],
  );
  await asOwner(database.ownerUrl, "SELECT aqueduto.purge_event_keys(1000)");
  expect(outcomes(await enqueue(db, tenantId, payments(2)))).toEqual(["created", "duplicate"]);
});
