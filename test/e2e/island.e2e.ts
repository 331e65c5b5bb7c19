import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sql } from "kysely";
import { afterAll, beforeAll, expect, test } from "vitest";
import { nodeRevocationsBefore } from "../../src/audit/node-revocations.ts";
import { createAccess } from "../../src/control/access/create.ts";
import { createClientApplication } from "../../src/control/client/create.ts";
import { policyInForce } from "../../src/control/policy-in-force.ts";
import { getRevocation } from "../../src/control/revocation/get.ts";
import { settleRevocations } from "../../src/control/revocation/settle-job.ts";
import { createToken } from "../../src/control/token/create.ts";
import { applyNodeRevocations } from "../../src/control/token/node-revocation-job.ts";
import { revokeToken } from "../../src/control/token/revoke.ts";
import { platformTx } from "../../src/db/tx.ts";
import { sendJson, startUpstream, type Upstream } from "../../src/gateway/testing/test-gateway.ts";
import { createTestDatabase, type TestDatabase } from "../helpers/database.ts";
import { type GatewayNode, startGatewayNode } from "../helpers/gateway-node.ts";
import { auditOf, createTenantFixture, type TenantFixture } from "../helpers/tenant.ts";
import { until } from "../helpers/until.ts";

let base: TestDatabase;
let upstream: Upstream;
let fixture: TenantFixture;

beforeAll(async () => {
  base = await createTestDatabase();
  upstream = await startUpstream((_request, response) => sendJson(response, 200, '{"status":"up"}'));
  fixture = await createTenantFixture(base.db, { serviceUrl: upstream.url, license: { rate_per_second: 100_000, burst: 1_000_000 } });
});
afterAll(async () => {
  await upstream?.[Symbol.asyncDispose]();
  await base?.[Symbol.asyncDispose]();
});

function node(nodeId: string, more: { storeGraceMs?: number; journalBytes?: number; dir?: string } = {}): Promise<GatewayNode> {
  return startGatewayNode({ nodeId, url: base.url, keyring: fixture.keyring, storeGraceMs: 60_000, ...more });
}

async function newToken(): Promise<{ token: string; token_id: string }> {
  const { partner, license, ctx } = fixture;
  const { client_id } = await createClientApplication(ctx, { partner_id: partner.partner_id, name: "x" });
  const of = { client_id, license_id: license.license_id };
  const { access_id } = await createAccess(ctx, { ...of, kind: "confidential", mode: "live", cidrs: ["127.0.0.1/32"] });
  return createToken(ctx, { access_id });
}

test("one of three nodes loses only PostgreSQL: a revocation is committed after 2 s, in force not before that node's bound, and never late", async () => {
  await using one = await node("nod_one");
  await using two = await node("nod_two");
  await using island = await node("nod_island", { storeGraceMs: 5_000 });
  const { token, token_id } = await newToken();
  for (const each of [one, two, island]) await until("the token is known", async () => (await each.status(token)) === 200);
  const load = { running: true };
  const accepted: number[] = [];
  const lanes = [one, two, island].map(async (each) => {
    while (load.running) {
      const begun = performance.now();
      if ((await each.status(token)) === 200) accepted.push(begun);
    }
  });
  island.store.cut();
  await until("an island", () => island.gateway.readiness().reason?.startsWith("store-away: the last policy serves"));
  const asked = Date.now();
  const revoked = await revokeToken(fixture.ctx, { token_id, reason: "leak" });
  const told = await policyInForce({ ...fixture.ctx, applyHere: (epoch, ms) => one.gateway.applied(epoch, ms) }, revoked.epoch);
  expect(told.state).toBe("committed");
  expect(Date.now() - asked).toBeGreaterThanOrEqual(1_990);
  const missing = told.nodes.filter((each) => !each.in_force);
  expect(missing.map((each) => each.node_id)).toEqual(["nod_island"]);
  const latest = Date.parse(told.latest ?? "");
  expect(latest).toBeGreaterThan(Date.now());
  expect(await Promise.all([one, two, island].map((each) => each.status(token)))).toEqual([401, 401, 200]);
  const revocation_id = "revocation_id" in revoked ? (revoked.revocation_id ?? "") : "";
  const settled = await until("in force", async () => {
    await settleRevocations(fixture.ctx);
    const now = await getRevocation(fixture.ctx, { revocation_id });
    return now.state === "in_force" && { now, at: performance.now(), wall: Date.now() };
  });
  expect(settled.wall).toBeGreaterThanOrEqual(latest);
  expect(await island.status(token)).toBe(503);
  expect(island.gateway.readiness()).toEqual({ ready: false, reason: "store-away" });
  load.running = false;
  await Promise.all(lanes);
  expect(accepted.filter((begun) => begun > settled.at)).toEqual([]);
  island.store.mend();
  const seen = new Set<number>();
  await until("home again", async () => {
    const status = await island.status(token);
    seen.add(status);
    return status === 401;
  });
  expect([...seen].filter((status) => status !== 503)).toEqual([401]);
});

test("a token ends itself while the store is away: at once on that node, still after a restart, and for all once the journal is home", async () => {
  const dir = await mkdtemp(join(tmpdir(), "aqueduto-node-"));
  await using other = await node("nod_other");
  const { token, token_id } = await newToken();
  {
    await using cut = await node("nod_cut", { dir });
    await until("the token is known", async () => (await cut.status(token)) === 200 && (await other.status(token)) === 200);
    cut.store.cut();
    await until("an island", () => cut.gateway.readiness().reason !== undefined);
    expect(await cut.status(token, "/v1/self/revoke", "POST")).toBe(200);
    expect(await cut.status(token)).toBe(401);
    // what a process that was killed right now would leave
    expect([...(await nodeRevocationsBefore(dir, base.db))]).toEqual([token_id]);
    expect(await cut.status(token, "/v1/self/revoke", "POST")).toBe(401);
    expect(await other.status(token)).toBe(200);
  }
  // nothing has applied it in the store: the restarted node reads it back
  await using again = await node("nod_cut", { dir });
  expect(await again.status(token)).toBe(401);
  expect(await other.status(token)).toBe(200);
  await until("the record is home", async () => (await applyNodeRevocations(fixture.ctx)) === 1);
  await until("ended everywhere", async () => (await other.status(token)) === 401);
  expect(await applyNodeRevocations(fixture.ctx)).toBe(0);
  const entries = await auditOf(base.db, fixture.tenantId, token_id);
  expect(entries.filter((entry) => entry.action === "token.revoke")).toMatchObject([{ actor_kind: "system" }]);
});

test("store away under load: calls go on until the journal is full, then 503, and each that was answered is in the log after the return", async () => {
  await using full = await node("nod_full", { journalBytes: 400_000 });
  const { token, token_id } = await newToken();
  await until("the token is known", async () => (await full.status(token)) === 200);
  full.store.cut();
  let answered = 0;
  await until("the journal is full", async () => {
    const statuses = await Promise.all(Array.from({ length: 16 }, () => full.status(token)));
    answered += statuses.filter((status) => status === 200).length;
    expect(statuses.every((status) => status === 200 || status === 503)).toBe(true);
    return statuses.includes(503);
  });
  expect(answered).toBeGreaterThan(100);
  // the journal may be full before the lease has ended
  await until("an island", () => full.gateway.readiness().reason === "store-away: the last policy serves");
  expect(full.gateway.readiness().ready).toBe(true);
  expect(full.shipper.readiness().ready).toBe(false);
  full.store.mend();
  await until("calls again", async () => (await full.status(token)) === 200 && ++answered > 0);
  await full.shipper.flush();
  const { rows } = await platformTx(base.db, (tx) =>
    sql<{ n: string }>`SELECT count(*) AS n FROM aqueduto.access_entry WHERE token_id = ${token_id} AND status = 200`.execute(tx),
  );
  // the first call, before the cut, is one more
  expect(Number(rows[0]?.n)).toBe(answered + 1);
});
