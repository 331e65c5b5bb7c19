import { createHash, randomBytes } from "node:crypto";
import { sql } from "kysely";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startTestAdmin, type TestAdmin } from "../../test/helpers/admin.ts";
import { createTestDatabase, type TestDatabase } from "../../test/helpers/database.ts";
import { createTestUser, pageHeaders, type TestUser } from "../../test/helpers/people.ts";
import { createTenantFixture, type TenantFixture } from "../../test/helpers/tenant.ts";
import { gatherTokenUse } from "../control/token/use-job.ts";
import { platformTx } from "../db/tx.ts";
import { newId } from "../platform/ids.ts";
import type { PolicyState } from "./options.ts";

// what the consuming client does alone, over HTTP, signed in as its partner's own user
let base: TestDatabase;
let fixture: TenantFixture;
let admin: TestAdmin;
let user: TestUser;
let nodes: PolicyState = { state: "in_force", nodes: [] };

beforeAll(async () => {
  base = await createTestDatabase();
  fixture = await createTenantFixture(base.db, { cidrs: ["203.0.113.0/24"] });
  user = await createTestUser(fixture.ctx, ["integrador"], [fixture.partner.partner_id]);
  admin = await startTestAdmin({ db: base.db, keyring: fixture.keyring, policyInForce: async () => nodes });
});
afterAll(async () => {
  await admin[Symbol.asyncDispose]();
  await base[Symbol.asyncDispose]();
});

type Told = Record<string, unknown>;

async function send(method: string, path: string, body?: unknown, more: Record<string, string> = {}) {
  const headers = { ...pageHeaders(admin.url, { token: user.token, csrf: user.csrf }), ...more };
  const { status, json, headers: got } = await admin.send(method, path, { headers, ...(body === undefined ? {} : { body }) });
  return { status, told: Object(json) as Told, etag: got.get("etag") ?? "" };
}

async function ok(method: string, path: string, body?: unknown): Promise<Told> {
  const etag = method === "PATCH" ? (await send("GET", path)).etag : "";
  const { status, told } = await send(method, path, body, etag === "" ? {} : { "if-match": etag });
  expect([method, path, status < 300, told["code"]]).toEqual([method, path, true, undefined]);
  return told;
}

/** A client and its access, with a token, all made by the partner's own user. */
async function ownAccess(): Promise<{ access: string; token: string }> {
  const client = await ok("POST", "/v1/clients", { partner_id: fixture.partner.partner_id, name: "app" });
  const access = await ok("POST", "/v1/accesses", {
    client_id: client["client_id"],
    license_id: fixture.license.license_id,
    kind: "confidential",
    mode: "live",
    cidrs: ["203.0.113.0/24"],
  });
  const token = await ok("POST", `/v1/accesses/${String(access["access_id"])}/tokens`, {});
  return { access: String(access["access_id"]), token: String(token["token_id"]) };
}

async function actionsOn(target: string): Promise<unknown[]> {
  const { told } = await send("GET", `/v1/audit/admin?target_id=${target}`);
  const items = told["items"] as Told[];
  return items.filter((one) => one["actor_kind"] === "user" && one["actor_id"] === user.userId).map((one) => one["action"]);
}

test("the partner's own user regenerates with every overlap: none, 15 minutes, 1 hour, 24 hours, until a date of at most 30 days", async () => {
  const { access } = await ownAccess();
  const path = `/v1/accesses/${access}/tokens/regenerate`;
  const hours = async (overlap: string): Promise<number | null> => {
    const begun = Date.now();
    const until = (await ok("POST", path, { overlap }))["retiring_until"];
    return typeof until !== "string" ? null : Math.round((Date.parse(until) - begun) / 360_000) / 10;
  };
  expect(await hours("0")).toBeNull();
  expect(await hours("1h")).toBe(1);
  expect(await hours("24h")).toBe(24);
  expect(await hours("15m")).toBeCloseTo(0.25, 0);
  const inDays = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString();
  expect((await ok("POST", path, { overlap: inDays(29) }))["retiring_until"]).toBeTypeOf("string");
  for (const overlap of [inDays(31), inDays(-1), "2h"]) expect((await send("POST", path, { overlap })).status).toBeGreaterThanOrEqual(400);
});

test("the partner's own user runs an access alone: change, expiry, own value, disable, enable, revoke; each is theirs in the audit", async () => {
  const { access, token } = await ownAccess();
  expect(await ok("PATCH", `/v1/accesses/${access}`, { cidrs: ["203.0.113.8/29"] })).toMatchObject({
    access: { cidrs: ["203.0.113.8/29"] },
  });
  await ok("PATCH", `/v1/tokens/${token}`, { expires_at: "2099-01-01T00:00:00Z" });
  const sha256 = createHash("sha256").update(randomBytes(32)).digest("hex");
  const own = await ok("POST", `/v1/accesses/${access}/tokens/register`, { sha256, overlap: "1h" });
  expect(await ok("GET", `/v1/tokens/${String(own["token_id"])}`)).toMatchObject({ own: true, state: "live" });
  expect(await ok("GET", `/v1/tokens/${token}`)).toMatchObject({ state: "retiring" });
  for (const [verb, state] of [
    ["disable", "disabled"],
    ["enable", "active"],
    ["revoke", "revoked"],
  ])
    expect(await ok("POST", `/v1/accesses/${access}/${verb}`, { reason: "x" })).toMatchObject({ access_state: state });
  expect(await ok("GET", `/v1/tokens/${String(own["token_id"])}`)).toMatchObject({ state: "ended", ended_reason: "access revoked" });
  expect(await actionsOn(access)).toEqual(["access.revoke", "access.enable", "access.disable", "access.update", "access.create"]);
  expect(await actionsOn(token)).toEqual(["token.update", "token.create"]);
  expect(await actionsOn(String(own["token_id"]))).toEqual(["token.register"]);
});

test("who still uses the retiring token is told by operation, time and address", async () => {
  const { access, token } = await ownAccess();
  await ok("POST", `/v1/accesses/${access}/tokens/regenerate`, { overlap: "24h" });
  const journal = newId("jrn");
  await platformTx(base.db, async (tx) => {
    await sql`SELECT aqueduto.ensure_access_partitions(now())`.execute(tx);
    await sql`INSERT INTO journal (journal_id, node_id, opened_at, shipped_counter) VALUES (${journal}, 'nod_x', now(), 1)`.execute(tx);
    await sql`INSERT INTO access_entry (journal_id, counter, at, entry_id, phase, tenant_id, partner_id, access_id, token_id, operation_id, method, route, status, code, request_id)
      VALUES (${journal}, 1, now(), ${newId("aud")}, 'answer', ${fixture.tenantId}, ${fixture.partner.partner_id}, ${access}, ${token}, 'getProperty', 'GET', '/x', 200, 'ok', 'req_x')`.execute(
      tx,
    );
  });
  await gatherTokenUse(base.db);
  const retiring = (await ok("GET", `/v1/tokens?access_id=${access}&state=retiring`))["items"];
  expect(retiring).toMatchObject([{ token_id: token, last_use: { operation_id: "getProperty", status: 200 } }]);
  expect(await ok("GET", `/v1/tokens/${token}`)).toMatchObject({ state: "retiring", uses: [{ operation_id: "getProperty", calls: 1 }] });
});

test("the answer to a revocation names each node with epoch and milliseconds, or the latest instant it may accept; and it is an audit entry", async () => {
  const { token } = await ownAccess();
  const latest = new Date(Date.now() + 60_000).toISOString();
  const quick = { node_id: "nod_a", epoch: "7", milliseconds: 3, in_force: true };
  nodes = { state: "committed", nodes: [quick, { node_id: "nod_b", epoch: "6", milliseconds: 2000, in_force: false, latest }], latest };
  const { status, told } = await send("POST", `/v1/tokens/${token}/revoke`, { reason: "leak" });
  expect(status).toBe(202);
  expect(told).toMatchObject({ state: "committed", nodes: nodes.nodes, latest });
  const id = String(told["revocation_id"]);
  expect(await actionsOn(token)).toEqual(["token.revoke", "token.create"]);
  // nobody serves on: the bound of the node that is gone has passed
  const proof = await ok("GET", `/v1/revocations/${id}`);
  expect(proof).toMatchObject({ state: "in_force", nodes: [quick, { node_id: "nod_b", in_force: true }], target: { id: token } });
  const { told: entries } = await send("GET", `/v1/audit/admin?target_id=${id}`);
  expect(entries["items"]).toMatchObject([{ action: "revocation.in_force" }]);
  nodes = { state: "in_force", nodes: [] };
});
