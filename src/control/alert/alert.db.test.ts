import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { sql } from "kysely";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../../../test/helpers/database.ts";
import { createTenantFixture, type TenantFixture } from "../../../test/helpers/tenant.ts";
import { alertRules, type AlertRule } from "../../contract/alert.ts";
import { platformTx } from "../../db/tx.ts";
import { newId } from "../../platform/ids.ts";
import { Secret } from "../../platform/secret.ts";
import { acknowledgeAlert } from "./acknowledge.ts";
import { lookForAlerts } from "./alert-job.ts";
import { listAlerts } from "./list.ts";
import { createAlertTeller } from "./tell.ts";

let base: TestDatabase;
let fixture: TenantFixture;
let other: TenantFixture;
const own = { ratio: 0, ends: undefined as Date | undefined };
beforeAll(async () => {
  base = await createTestDatabase();
  fixture = await createTenantFixture(base.db);
  other = await createTenantFixture(base.db, { keyring: fixture.keyring });
  await platformTx(base.db, (tx) => sql`SELECT aqueduto.ensure_access_partitions(now())`.execute(tx));
});
afterAll(() => base[Symbol.asyncDispose]());

const look = async (nodeId = "node_own") => {
  const sources = { nodeId, tenantId: fixture.tenantId, journalUsedRatio: () => own.ratio, certificateEndsAt: () => own.ends };
  const changed = await lookForAlerts(fixture.ctx, sources);
  return changed.map(({ rule, subject, state }) => `${rule} ${subject} ${state}`);
};
const run = (query: ReturnType<typeof sql>) => platformTx(base.db, (tx) => query.execute(tx));

/** So many calls of the tenant now. */
function calls(status: number, clause: string, count: number) {
  const journal = newId("jrn");
  return run(sql`INSERT INTO access_entry (journal_id, counter, at, entry_id, phase, tenant_id, access_id, method, route, status, code, clause, request_id)
    SELECT ${journal}, n, now(), ${journal} || n, 'answer', ${fixture.tenantId}, 'acc_x', 'GET', '/x', ${status}, 'x', ${clause}, 'req_x'
      FROM generate_series(1, ${count}::int) n`);
}

type Case = { rule: AlertRule; subject: () => string; begin: () => unknown; end: () => unknown };

const cases: Case[] = [
  {
    rule: "island",
    subject: () => "node_cut",
    begin: () =>
      run(
        sql`INSERT INTO node (node_id, roles, lease_until, serves_until) VALUES ('node_cut', '{gateway}', now() - interval '1 min', now())`,
      ),
    end: () => run(sql`UPDATE node SET stopped_at = now() WHERE node_id = 'node_cut'`),
  },
  { rule: "journal-half-full", subject: () => "node_own", begin: () => (own.ratio = 0.5), end: () => (own.ratio = 0.4) },
  {
    rule: "capture-lag",
    subject: () => "base_x",
    begin: () =>
      run(sql`WITH b AS (INSERT INTO gsan_base (tenant_id, base_id, name, url_sealed, mode, baseline_done_at)
          VALUES (${fixture.tenantId}, 'base_x', 'x', 'x', 'live', now()) RETURNING tenant_id, base_id)
        INSERT INTO capture_mark (tenant_id, base_id, noted_at, max_id) SELECT tenant_id, base_id, now() - interval '6 min', 1 FROM b`),
    end: () => run(sql`INSERT INTO capture_mark (tenant_id, base_id, noted_at, max_id) VALUES (${fixture.tenantId}, 'base_x', now(), 1)`),
  },
  {
    rule: "webhook-failing",
    subject: () => fixture.webhook.webhook_id,
    begin: () =>
      run(sql`INSERT INTO webhook_health (tenant_id, webhook_id, failures, failing_since)
        VALUES (${fixture.tenantId}, ${fixture.webhook.webhook_id}, 9, now() - interval '11 min')
        ON CONFLICT (tenant_id, webhook_id) DO UPDATE SET failures = 9, failing_since = now() - interval '11 min'`),
    end: () => run(sql`UPDATE webhook_health SET failures = 0, failing_since = NULL`),
  },
  {
    rule: "token-expiring",
    subject: () => fixture.tokenId,
    begin: () => run(sql`UPDATE token SET expires_at = now() + interval '6 days' WHERE token_id = ${fixture.tokenId}`),
    end: () => run(sql`UPDATE token SET expires_at = now() + interval '60 days' WHERE token_id = ${fixture.tokenId}`),
  },
  {
    rule: "certificate-expiring",
    subject: () => "node_own",
    begin: () => (own.ends = new Date(Date.now() + 13 * 24 * 3_600_000)),
    end: () => (own.ends = new Date(Date.now() + 60 * 24 * 3_600_000)),
  },
  // enough good calls end it, as the passing of five minutes does
  { rule: "error-rate", subject: () => "gateway", begin: () => calls(502, "upstream-502", 12), end: () => calls(200, "", 1_000) },
];

test.each(cases)(
  "$rule is raised once, told to its own tenant alone, and resolved when it is over",
  async ({ rule, subject, begin, end }) => {
    const before = await look();
    expect(before.filter((one) => one.startsWith(rule))).toEqual([]);
    await begin();
    expect(await look()).toEqual([`${rule} ${subject()} raised`]);
    expect(await look()).toEqual([]);
    expect((await listAlerts(fixture.ctx, { state: "raised" })).items).toMatchObject([{ rule, subject: subject() }]);
    expect((await listAlerts(other.ctx, {})).items).toEqual([]);
    await end();
    expect(await look()).toEqual([`${rule} ${subject()} resolved`]);
    expect((await listAlerts(fixture.ctx, { state: "raised" })).items).toEqual([]);
  },
);

test("enumeration is suspected of an access that asks for many objects out of its reach; somebody takes it over, once", async () => {
  await calls(404, "object-scope", 99);
  expect(await look()).toEqual([]);
  await calls(404, "object-unknown", 1);
  expect(await look()).toEqual(["enumeration-suspected acc_x raised"]);
  const [alert] = (await listAlerts(fixture.ctx, { state: "raised" })).items;
  const taken = await acknowledgeAlert(fixture.ctx, { alert_id: alert?.alert_id ?? "" });
  expect(taken).toMatchObject({ state: "acknowledged", acknowledged_by: fixture.ctx.actor.id, detail: { calls: 100 } });
  expect(await acknowledgeAlert(fixture.ctx, { alert_id: taken.alert_id })).toEqual(taken);
  expect(await look()).toEqual([]);
  await expect(acknowledgeAlert(other.ctx, { alert_id: taken.alert_id })).rejects.toMatchObject({ code: "not-found" });
});

test("what only one node sees is not resolved by another", async () => {
  own.ratio = 0.9;
  expect(await look("node_a")).toEqual(["journal-half-full node_a raised"]);
  own.ratio = 0;
  expect(await look("node_b")).toEqual([]);
  expect(await look("node_a")).toEqual(["journal-half-full node_a resolved"]);
});

test("every default rule is held by a test above", () => {
  const held = [...cases.map(({ rule }) => rule), "enumeration-suspected"];
  expect(held.toSorted()).toEqual(Object.keys(alertRules).toSorted());
});

test("a channel that was away gets what it missed, in order, and no redirect is followed", async () => {
  const got: string[] = [];
  let status = 302;
  const server = createServer((request, response) => {
    let text = "";
    request.on("data", (chunk: Buffer) => (text += chunk.toString()));
    request.on("end", () => {
      if (status === 200) got.push((JSON.parse(text) as { alert: { alert_id: string } }).alert.alert_id);
      response.writeHead(status, status === 302 ? { location: "/elsewhere" } : {}).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const teller = createAlertTeller(new Secret(`http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`));
  const nothing = { acknowledged_at: null, acknowledged_by: null, resolved_at: null, detail: {}, raised_at: new Date().toISOString() };
  const alert = (alert_id: string) => ({ alert_id, rule: "island", subject: "node_x", state: "raised" as const, ...nothing });
  await expect(teller.tell([alert("alt_1"), alert("alt_2")])).rejects.toThrow("302");
  status = 200;
  await teller.tell([alert("alt_3")]);
  await teller.close();
  server.closeAllConnections();
  server.close();
  expect(got).toEqual(["alt_1", "alt_2", "alt_3"]);
});
