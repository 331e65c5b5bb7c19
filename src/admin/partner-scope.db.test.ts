import { sql } from "kysely";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startTestAdmin, type TestAdmin } from "../../test/helpers/admin.ts";
import { createTestDatabase, type TestDatabase } from "../../test/helpers/database.ts";
import { createTestUser, pageHeaders, type TestUser } from "../../test/helpers/people.ts";
import { auditCount, createTenantFixture, type TenantFixture } from "../../test/helpers/tenant.ts";
import type { Access } from "../contract/access.ts";
import type { Route } from "../contract/route.ts";
import { adminApi, splitRouteKey, type RouteKey } from "../contract/routes.ts";
import { scopesOf } from "../contract/roles.ts";
import { createAccess } from "../control/access/create.ts";
import { createApiKey } from "../control/api-key/create.ts";
import { createClientApplication } from "../control/client/create.ts";
import { setKillSwitch } from "../control/kill-switch/set.ts";
import { createLicense } from "../control/license/create.ts";
import { createPartner } from "../control/partner/create.ts";
import { createToken } from "../control/token/create.ts";
import { revokeToken } from "../control/token/revoke.ts";
import { createWebhook } from "../control/webhook/create.ts";
import { platformTx } from "../db/tx.ts";
import { newId } from "../platform/ids.ts";

type Ids = Record<string, string>;

let base: TestDatabase;
let fixture: TenantFixture;
let admin: TestAdmin;
let user: TestUser;
/** Of the user's partner, and of another partner of the same tenant. */
let own: Ids;
let other: Ids;

beforeAll(async () => {
  base = await createTestDatabase();
  fixture = await createTenantFixture(base.db);
  other = await fillPartner("Outro banco");
  own = await fillPartner("Meu banco");
  user = await createTestUser(fixture.ctx, ["integrador"], [own["partner_id"] ?? ""]);
  own["session_id"] = user.ctx.session?.sessionId ?? "";
  admin = await startTestAdmin({ db: base.db, keyring: fixture.keyring });
});
afterAll(async () => {
  await admin[Symbol.asyncDispose]();
  await base[Symbol.asyncDispose]();
});

/** A partner with one of everything that belongs to partners. */
async function fillPartner(name: string): Promise<Ids> {
  const { ctx } = fixture;
  const { partner_id } = await createPartner(ctx, { name });
  const license = await createLicense(ctx, {
    partner_id,
    name,
    purpose: "teste",
    legal_basis: "art. 7 V",
    ends_at: new Date(Date.now() + 90 * 24 * 3_600_000).toISOString(),
    rate_per_second: 1,
    burst: 1,
    operations: [{ operation_id: "getHealth", projection: {} }],
    events: [{ event_type: "client-transaction", variant: "whole" }],
  });
  const { license_id } = license;
  const { client_id } = await createClientApplication(ctx, { partner_id, name });
  const access: Access = await createAccess(ctx, { client_id, license_id, kind: "confidential", mode: "test", cidrs: ["127.0.0.1/32"] });
  const token = await createToken(ctx, { access_id: access.access_id });
  const revoked = await createToken(ctx, { access_id: (await secondAccess(partner_id, license_id)).access_id });
  const ended = await revokeToken(ctx, { token_id: revoked.token_id, reason: "x" });
  const event_types = ["client-transaction"];
  const webhook = await createWebhook(ctx, { license_id, name, url: "https://hooks.example.com/x", event_types, mode: "test" });
  const killed = await setKillSwitch(ctx, { level: "license", target_id: license_id, reason: "x" });
  const key = await createApiKey(ctx, { name, scopes: ["tokens:read"], partnerIds: [partner_id] });
  const more = await rowsOf({ partner_id, license_id, access_id: access.access_id, webhook_id: webhook.webhook_id });
  return {
    partner_id,
    license_id,
    client_id,
    access_id: access.access_id,
    token_id: token.token_id,
    webhook_id: webhook.webhook_id,
    key_id: key.key_id,
    switch_id: killed.switch_id,
    revocation_id: ended.revocation_id ?? "",
    ...more,
  };
}

async function secondAccess(partnerId: string, licenseId: string): Promise<Access> {
  const { client_id } = await createClientApplication(fixture.ctx, { partner_id: partnerId, name: "x" });
  return createAccess(fixture.ctx, { client_id, license_id: licenseId, kind: "confidential", mode: "test", cidrs: ["127.0.0.1/32"] });
}

async function rowsOf(of: { partner_id: string; license_id: string; access_id: string; webhook_id: string }): Promise<Ids> {
  const ids = { delivery_id: newId("dlv"), entry_id: newId("aud"), request_id: newId("req") };
  await platformTx(base.db, async (tx) => {
    await sql`SELECT aqueduto.ensure_event_days(), aqueduto.ensure_access_partitions(now())`.execute(tx);
    await sql`INSERT INTO delivery (tenant_id, day, delivery_id, webhook_id, type, variant, event_day, event_ids, first_sequence, last_sequence)
      VALUES (${fixture.tenantId}, (now() AT TIME ZONE 'UTC')::date, ${ids.delivery_id}, ${of.webhook_id}, 'client-transaction', 'whole',
        (now() AT TIME ZONE 'UTC')::date, ARRAY['evt_x'], 1, 1)`.execute(tx);
    await sql`INSERT INTO access_entry (journal_id, counter, at, entry_id, phase, tenant_id, partner_id, license_id, access_id, method, route, status, code, request_id)
      VALUES (${newId("jrn")}, 1, now(), ${ids.entry_id}, 'answer', ${fixture.tenantId}, ${of.partner_id}, ${of.license_id}, ${of.access_id},
        'GET', '/x', 200, 'ok', ${ids.request_id})`.execute(tx);
  });
  return ids;
}

const routeOf = (key: RouteKey): Route => adminApi[key];
const scopes = scopesOf(["integrador"]);
const reachable = (Object.keys(adminApi) as RouteKey[]).filter((key) => {
  const { permission } = routeOf(key);
  return permission !== null && permission !== "account:own" && scopes.includes(permission);
});
const gets = reachable.filter((key) => key.startsWith("GET "));
const changes = reachable.filter((key) => !key.startsWith("GET ") && routeOf(key).params !== undefined);

function pathFor(key: RouteKey, ids: Ids): string {
  return splitRouteKey(key).path.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    const id = { version: "1", ...ids }[name];
    if (id === undefined) throw new Error(`no example id for the parameter ${name}`);
    return id;
  });
}

/** Ids that tell whose a row is; several partners may have the same version or operation. */
function idsIn(text: string, ids: Ids): string[] {
  return Object.values(ids).filter((id) => id.includes("_") && text.includes(id));
}

/** A body that the route takes. A change that a partner's user may make and that is not here fails the test. */
const bodies: Partial<Record<RouteKey, unknown>> = {
  "PATCH /v1/accesses/{access_id}": { cidrs: ["127.0.0.1/32"] },
  "PATCH /v1/tokens/{token_id}": { expires_at: "2100-01-01T00:00:00Z" },
  "PATCH /v1/webhooks/{webhook_id}": { name: "x" },
  "POST /v1/accesses/{access_id}/tokens": {},
  "POST /v1/accesses/{access_id}/tokens/register": { sha256: "0".repeat(64) },
  "POST /v1/accesses/{access_id}/tokens/regenerate": { overlap: "0" },
};

function bodyFor(key: RouteKey): unknown {
  if (key in bodies || routeOf(key).body === undefined) return bodies[key];
  if (/\/(disable|enable|revoke|end)$/.test(key)) return { reason: "x" };
  throw new Error(`no example body for ${key}`);
}

const headers = () => pageHeaders(admin.url, user);
const withoutId = (json: unknown) => ({ ...Object(json), request_id: "" });

test.each(gets.filter((key) => routeOf(key).params === undefined))("%s shows nothing of another partner", async (key) => {
  const reply = await admin.send("GET", pathFor(key, {}), { headers: headers() });
  expect(reply.status).toBe(200);
  expect(idsIn(reply.text, other)).toEqual([]);
  const names = Object.keys(routeOf(key).query?.properties ?? {}).filter((name) => other[name] !== undefined);
  for (const name of names) {
    const filtered = await admin.send("GET", `${pathFor(key, {})}?${name}=${other[name]}`, { headers: headers() });
    expect(filtered.json).toEqual({ items: [], next: null });
  }
});

test("each list of what a partner has shows the user's own", async () => {
  const expected = [
    "partners",
    "licenses",
    "clients",
    "accesses",
    "tokens",
    "webhooks",
    "deliveries",
    "api-keys",
    "audit/admin",
    "audit/access",
  ];
  for (const path of expected) {
    const reply = await admin.send("GET", `/v1/${path}`, { headers: headers() });
    expect(idsIn(reply.text, own), path).not.toEqual([]);
  }
});

test.each(gets.filter((key) => routeOf(key).params !== undefined))("%s knows nothing of another partner", async (key) => {
  const absent = Object.fromEntries(Object.keys(other).map((name) => [name, newId("zzz")]));
  const reply = await admin.send("GET", pathFor(key, other), { headers: headers() });
  expect(reply.status).toBe(404);
  expect(withoutId(reply.json)).toEqual(withoutId((await admin.send("GET", pathFor(key, absent), { headers: headers() })).json));
  expect((await admin.send("GET", pathFor(key, own), { headers: headers() })).status, "one's own").toBe(200);
});

test.each(changes)("%s does not touch another partner's", async (key) => {
  const before = await auditCount(base.db, fixture.tenantId);
  const { method } = splitRouteKey(key);
  const precondition = routeOf(key).ifMatch === undefined ? {} : { "if-match": '"x"' };
  const body = bodyFor(key);
  const reply = await admin.send(method, pathFor(key, other), {
    headers: { ...headers(), ...precondition },
    ...(body === undefined ? {} : { body }),
  });
  expect(reply.status).toBe(404);
  expect(await auditCount(base.db, fixture.tenantId)).toBe(before);
});

test("nothing is hung on another partner's partner, license or client", async () => {
  const makes = reachable.filter((key) => !key.startsWith("GET ") && routeOf(key).params === undefined);
  expect(makes.toSorted(), "a new one belongs into this test").toEqual([
    "POST /v1/accesses",
    "POST /v1/api-keys",
    "POST /v1/clients",
    // of no partner: it checks a hash
    "POST /v1/requests/verify",
    "POST /v1/webhooks",
  ]);
  const send = (path: string, body: unknown) => admin.send("POST", path, { headers: headers(), body });
  const webhook = { name: "x", url: "https://hooks.example.com/", event_types: ["client-transaction"], mode: "test" };
  const access = { kind: "confidential", mode: "test", cidrs: ["127.0.0.1/32"] };
  const before = await auditCount(base.db, fixture.tenantId);
  const refused = [
    await send("/v1/clients", { partner_id: other["partner_id"], name: "x" }),
    await send("/v1/webhooks", { ...webhook, license_id: other["license_id"] }),
    await send("/v1/accesses", { ...access, license_id: other["license_id"], client_id: other["client_id"] }),
    await send("/v1/accesses", { ...access, license_id: own["license_id"], client_id: other["client_id"] }),
    await send("/v1/accesses", { ...access, license_id: other["license_id"], client_id: own["client_id"] }),
    await send("/v1/api-keys", { name: "x", scopes: ["tokens:read"], partner_ids: [other["partner_id"]] }),
  ];
  for (const reply of refused) expect([404, 422]).toContain(reply.status);
  expect(await auditCount(base.db, fixture.tenantId)).toBe(before);
  expect((await send("/v1/clients", { partner_id: own["partner_id"], name: "x" })).status).toBe(201);
});

test("the user's own things answer to them: a token regenerated and revoked, as theirs in the audit", async () => {
  const send = (path: string, body: unknown) => admin.send("POST", path, { headers: headers(), body });
  expect((await send(`/v1/accesses/${own["access_id"]}/tokens/regenerate`, { overlap: "15m" })).status).toBe(200);
  const revoked = await send(`/v1/tokens/${own["token_id"]}/revoke`, { reason: "vazou" });
  expect(revoked.status).toBe(200);
  const entries = await admin.send("GET", `/v1/audit/admin?target_id=${own["token_id"]}`, { headers: headers() });
  expect(entries.json).toMatchObject({
    items: expect.arrayContaining([expect.objectContaining({ actor_kind: "user", actor_id: user.userId })]),
  });
});
