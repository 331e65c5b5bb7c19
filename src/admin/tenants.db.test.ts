import { Ajv } from "ajv";
import formats from "ajv-formats";
import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { idleDemo, startTestAdmin, type TestAdmin } from "../../test/helpers/admin.ts";
import { createTestDatabase, type TestDatabase } from "../../test/helpers/database.ts";
import { auditCount, createTenantFixture, testKeyring, type TenantFixture } from "../../test/helpers/tenant.ts";
import type { Route } from "../contract/route.ts";
import { adminApi, splitRouteKey, type RouteKey } from "../contract/routes.ts";
import { scopeTable, type Scope } from "../contract/scopes.ts";
import { createApiKey } from "../control/api-key/create.ts";
import { ingestEvents } from "../control/event/ingest.ts";
import { platformTx } from "../db/tx.ts";
import { newId } from "../platform/ids.ts";

let base: TestDatabase;
let admin: TestAdmin;
let mine: Filled;
let theirs: Filled;

type Filled = TenantFixture & { ids: Record<string, string> };

beforeAll(async () => {
  base = await createTestDatabase();
  const keyring = testKeyring();
  mine = await fill(await createTenantFixture(base.db, { keyring }));
  theirs = await fill(await createTenantFixture(base.db, { keyring }));
  admin = await startTestAdmin({ db: base.db, keyring, demo: idleDemo });
});
afterAll(async () => {
  await admin[Symbol.asyncDispose]();
  await base[Symbol.asyncDispose]();
});

/** Adds what the fixture lacks, so that every list of the contract has something to show, and names an id for every parameter. */
async function fill(fixture: TenantFixture): Promise<Filled> {
  const text = `{"client-transaction":[{"idtransaction":1,"idcliente":"01400-2","valorpago":10}]}`;
  const ctx = { ...fixture.ctx, eventTypes: ["client-transaction"] };
  const { ids } = await ingestEvents(ctx, { text, idempotencyKey: "fill", mode: "live" });
  const deliveryId = newId("dlv");
  const entryId = newId("aud");
  await platformTx(base.db, async (tx) => {
    await sql`SELECT aqueduto.ensure_event_days(), aqueduto.ensure_access_partitions(now())`.execute(tx);
    await sql`INSERT INTO delivery (tenant_id, day, delivery_id, webhook_id, type, variant, event_day, event_ids, first_sequence, last_sequence)
      VALUES (${fixture.tenantId}, (now() AT TIME ZONE 'UTC')::date, ${deliveryId}, ${fixture.webhook.webhook_id}, 'client-transaction', 'whole',
        (now() AT TIME ZONE 'UTC')::date, ${ids}, 1, 1)`.execute(tx);
    await sql`INSERT INTO access_entry (journal_id, counter, at, entry_id, phase, tenant_id, access_id, method, route, status, code, request_id)
      VALUES (${newId("jrn")}, 1, now(), ${entryId}, 'answer', ${fixture.tenantId}, ${fixture.access.access_id}, 'GET', '/x', 200, 'ok', 'req_x')`.execute(
      tx,
    );
  });
  return {
    ...fixture,
    ids: {
      partner_id: fixture.partner.partner_id,
      license_id: fixture.license.license_id,
      client_id: fixture.client.client_id,
      access_id: fixture.access.access_id,
      token_id: fixture.tokenId,
      webhook_id: fixture.webhook.webhook_id,
      service_id: fixture.serviceId,
      delivery_id: deliveryId,
      event_id: ids[0] ?? "",
      entry_id: entryId,
    },
  };
}

const all = Object.keys(adminApi) as RouteKey[];
const routeOf = (key: RouteKey): Route => adminApi[key];
const guarded = all.filter((key) => routeOf(key).permission !== null);
const shown = guarded.filter((key) => key.startsWith("GET ") && key !== "GET /v1/status");
const lists = shown.filter((key) => routeOf(key).params === undefined);
const gets = shown.filter((key) => routeOf(key).params !== undefined);

/** The route's path with a tenant's ids; a parameter that `fill` does not know fails the test. */
function pathFor(key: RouteKey, ids: Record<string, string>): string {
  return splitRouteKey(key).path.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    const id = ids[name];
    if (id === undefined) throw new Error(`no example id for the parameter ${name}`);
    return id;
  });
}

function idsIn(text: string, of: Filled): string[] {
  return Object.values(of.ids).filter((id) => text.includes(id));
}

const bodies: Partial<Record<RouteKey, () => unknown>> = {
  "POST /v1/partners": () => ({ name: "x" }),
  "POST /v1/licenses": () => ({
    partner_id: theirs.ids["partner_id"],
    name: "x",
    purpose: "x",
    legal_basis: "x",
    ends_at: "2100-01-01T00:00:00Z",
    rate_per_second: 1,
    burst: 1,
    operations: [],
  }),
  "POST /v1/clients": () => ({ partner_id: theirs.ids["partner_id"], name: "x" }),
  "POST /v1/accesses": () => ({
    client_id: theirs.ids["client_id"],
    license_id: theirs.ids["license_id"],
    kind: "confidential",
    mode: "test",
  }),
  "POST /v1/accesses/{access_id}/tokens": () => ({}),
  "POST /v1/accesses/{access_id}/tokens/regenerate": () => ({ overlap: "0" }),
  "POST /v1/tokens/{token_id}/revoke": () => ({ reason: "x" }),
  "POST /v1/webhooks": () => ({
    license_id: theirs.ids["license_id"],
    name: "x",
    url: "https://a.example.com/",
    event_types: ["client-transaction"],
    mode: "live",
  }),
};

describe("two tenants", () => {
  test.each(lists)("%s shows the tenant's own and nothing of the other", async (key) => {
    const own = await admin.send("GET", pathFor(key, {}), { key: mine.apiKey });
    expect(own.status).toBe(200);
    expect(own.json).toMatchObject({ items: expect.arrayContaining([expect.anything()]) });
    expect(idsIn(own.text, mine)).not.toEqual([]);
    expect(idsIn(own.text, theirs)).toEqual([]);
    expect(own.text).not.toContain(theirs.tenantId);
  });

  test.each(lists)("%s finds nothing by the other tenant's ids", async (key) => {
    const filters = Object.keys(routeOf(key).query?.properties ?? {}).filter(
      (name) => name.endsWith("_id") && theirs.ids[name] !== undefined,
    );
    for (const name of filters) {
      const reply = await admin.send("GET", `${pathFor(key, {})}?${name}=${theirs.ids[name]}`, { key: mine.apiKey });
      expect(reply.json).toEqual({ items: [], next: null });
    }
  });

  test.each(gets)("%s finds the tenant's own and not the other's", async (key) => {
    const own = await admin.send("GET", pathFor(key, mine.ids), { key: mine.apiKey });
    expect(own.status).toBe(200);
    const other = await admin.send("GET", pathFor(key, theirs.ids), { key: mine.apiKey });
    const absent = await admin.send(
      "GET",
      pathFor(key, { ...theirs.ids, ...Object.fromEntries(Object.keys(theirs.ids).map((name) => [name, newId("zzz")])) }),
      {
        key: mine.apiKey,
      },
    );
    expect(other.status).toBe(404);
    const withoutId = (json: unknown) => ({ ...Object(json), request_id: "" });
    expect(withoutId(other.json)).toEqual(withoutId(absent.json));
  });

  test.each(guarded.filter((key) => key.startsWith("POST ") && /_id\}/.test(key)))("%s does not touch the other's", async (key) => {
    const counts = [await auditCount(base.db, mine.tenantId), await auditCount(base.db, theirs.tenantId)];
    const reply = await admin.send("POST", pathFor(key, theirs.ids), { key: mine.apiKey, body: bodies[key]?.() ?? {} });
    expect(reply.status).toBe(404);
    expect([await auditCount(base.db, mine.tenantId), await auditCount(base.db, theirs.tenantId)]).toEqual(counts);
  });

  test.each(["POST /v1/licenses", "POST /v1/clients", "POST /v1/accesses", "POST /v1/webhooks"] as const)(
    "%s cannot hang anything on the other's",
    async (key) => {
      const reply = await admin.send("POST", pathFor(key, {}), { key: mine.apiKey, body: bodies[key]?.() });
      expect(reply).toMatchObject({ status: 422, json: { code: "invalid-field" } });
      expect(JSON.stringify(reply.json)).toMatch(/no such/);
    },
  );
});

describe("credentials", () => {
  test.each(guarded)("%s refuses whoever has none, in always the same words", async (key) => {
    const { method } = splitRouteKey(key);
    const path = pathFor(key, mine.ids);
    const wrong = mine.apiKey.slice(0, -1) + (mine.apiKey.endsWith("a") ? "b" : "a");
    const replies = [
      await admin.send(method, path),
      await admin.send(method, path, { key: wrong }),
      await admin.send(method, path, { key: mine.token }),
      await admin.send(method, path, { headers: { authorization: `Basic ${btoa(`x:${mine.apiKey}`)}` } }),
      await admin.send(method, `${path}?key=${mine.apiKey}`),
    ];
    for (const reply of replies) {
      expect(reply.status).toBe(401);
      expect({ ...Object(reply.json), request_id: "" }).toEqual({ ...Object(replies[0]?.json), request_id: "" });
      expect(reply.headers.get("www-authenticate")).toBe('Bearer realm="aqueduto"');
    }
  });

  test.each(guarded)("%s needs exactly the scope that the contract names", async (key) => {
    const { permission } = routeOf(key);
    const { method } = splitRouteKey(key);
    const path = pathFor(key, mine.ids);
    const scopes = (Object.keys(scopeTable) as Scope[]).filter((scope) => scope !== "operator");
    const without = await createApiKey(mine.ctx, { name: "without", scopes: scopes.filter((scope) => scope !== permission) });
    const only = await createApiKey(mine.ctx, { name: "only", scopes: scopes.filter((scope) => scope === permission) });
    const before = await auditCount(base.db, mine.tenantId);
    const refused = await admin.send(method, path, {
      key: without.key.reveal(),
      ...(method === "POST" ? { body: bodies[key]?.() ?? {} } : {}),
    });
    expect(refused).toMatchObject({ status: 403, json: { code: "forbidden" } });
    expect(await auditCount(base.db, mine.tenantId)).toBe(before);
    // a body that no route takes: it gets past the scope and no further
    const passed = await admin.send(method, path, { key: only.key.reveal(), ...(method === "POST" ? { body: [] } : {}) });
    expect(passed.status).not.toBe(401);
    expect(passed.status).not.toBe(403);
  });
});

test.each(shown)("%s replies in the form that the contract states", async (key) => {
  const ajv = new Ajv({ strict: false, allErrors: true });
  formats.default(ajv, ["date-time"]);
  const reply = await admin.send("GET", pathFor(key, mine.ids), { key: mine.apiKey });
  const check = ajv.compile(routeOf(key).reply);
  check(reply.json);
  expect(check.errors).toBeNull();
});
