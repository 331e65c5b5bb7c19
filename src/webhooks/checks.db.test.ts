import { sql } from "kysely";
import { Webhook } from "standardwebhooks";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../../test/helpers/database.ts";
import { type Receiver, startReceiver } from "../../test/helpers/receiver.ts";
import { until } from "../../test/helpers/until.ts";
import { addHook, addTenant, rowsOf, runDispatcher } from "../../test/helpers/webhook-bed.ts";
import { tenantTx } from "../db/tx.ts";
import { newId } from "../platform/ids.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database[Symbol.asyncDispose]());

type CheckRow = { state: string; status: number | null; error_code: string | null };

/** A check of one webhook, from the request to the stored result. */
async function check(answer: Receiver["answer"], options: { state?: string; url?: string } = {}) {
  const { db } = database;
  await using receiver = await startReceiver(answer);
  const tenantId = await addTenant(db);
  const hook = await addHook(db, tenantId, { address: receiver.address, state: "pending", ...options });
  await using _run = await runDispatcher(database, { sendTimeoutMs: 2_000 });
  await tenantTx(db, tenantId, async (tx) => {
    await sql`INSERT INTO webhook_check (tenant_id, check_id, webhook_id) VALUES (${tenantId}, ${newId("chk")}, ${hook.webhookId})`.execute(
      tx,
    );
    await sql`NOTIFY aqueduto_events`.execute(tx);
  });
  const row = await until("the check has ended", async () => {
    const [found] = await rowsOf(
      db,
      tenantId,
      sql<CheckRow>`SELECT state, status, error_code FROM webhook_check WHERE finished_at IS NOT NULL`,
    );
    return found;
  });
  const [webhook] = await rowsOf(db, tenantId, sql<{ state: string }>`SELECT state FROM webhook`);
  const entries = await rowsOf(db, tenantId, sql`SELECT action, target_id FROM admin_entry`);
  return { row, state: webhook?.state, entries, hook, received: receiver.received };
}

const echo: Receiver["answer"] = (request, response) => response.writeHead(200).end(request.body);

test("a webhook that gives the challenge back becomes verified, with an entry in the admin log", async () => {
  const done = await check(echo);
  expect(done.row).toEqual({ state: "passed", status: 200, error_code: null });
  expect(done.state).toBe("verified");
  expect(done.entries).toEqual([{ action: "webhook.verify", target_id: done.hook.webhookId }]);
  const [request] = done.received;
  expect(request?.body).toMatch(/^\{"webhook-verification":\[\{"challenge":"[\w-]{32}"\}\]\}$/);
  const headers = Object.fromEntries(Object.entries(request?.headers ?? {}).map(([name, value]) => [name, String(value)]));
  expect(() => new Webhook(done.hook.secret).verify(request?.body ?? "", headers)).not.toThrow();
});

test.each<[string, Receiver["answer"], CheckRow]>([
  [
    "2xx without the challenge",
    (_r, response) => response.writeHead(200).end("ok"),
    { state: "failed", status: 200, error_code: "challenge-missing" },
  ],
  [
    "the challenge in an error",
    (r, response) => response.writeHead(500).end(r.body),
    { state: "failed", status: 500, error_code: "status-not-2xx" },
  ],
  [
    "a redirect",
    (_r, response) => response.writeHead(302, { location: "/" }).end(),
    { state: "failed", status: 302, error_code: "status-not-2xx" },
  ],
  ["silence", () => undefined, { state: "failed", status: null, error_code: "timeout" }],
])("%s leaves the webhook pending", async (_name, answer, expected) => {
  const done = await check(answer);
  expect(done.row).toEqual(expected);
  expect(done.state).toBe("pending");
  expect(done.entries).toEqual([]);
});

test("a check of a verified webhook is a test and changes nothing", async () => {
  const done = await check(echo, { state: "verified" });
  expect(done.row.state).toBe("passed");
  expect(done.entries).toEqual([]);
});

test("a disabled webhook is not revived by a check", async () => {
  const done = await check(echo, { state: "disabled" });
  expect(done.state).toBe("disabled");
});

test("a refused address fails the check with the guard's code", async () => {
  const done = await check(echo, { url: "http://127.0.0.1:9/" });
  expect(done.row).toEqual({ state: "failed", status: null, error_code: "https-required" });
});
