import { Ajv } from "ajv";
import formats from "ajv-formats";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { idleDemo, startTestAdmin, type TestAdmin } from "../../test/helpers/admin.ts";
import { createTestDatabase, type TestDatabase } from "../../test/helpers/database.ts";
import { exampleBody } from "../../test/helpers/example-bodies.ts";
import { createFilledTenant, type FilledTenant } from "../../test/helpers/filled-tenant.ts";
import { auditCount, testKeyring } from "../../test/helpers/tenant.ts";
import type { Route } from "../contract/route.ts";
import { adminApi, splitRouteKey, type RouteKey } from "../contract/routes.ts";
import { scopeTable, type Scope } from "../contract/scopes.ts";
import { createApiKey } from "../control/api-key/create.ts";
import { isForPeople } from "../control/require-scope.ts";
import { newId } from "../platform/ids.ts";

let base: TestDatabase;
let admin: TestAdmin;
let mine: FilledTenant;
let theirs: FilledTenant;

beforeAll(async () => {
  base = await createTestDatabase();
  const keyring = testKeyring();
  mine = await createFilledTenant(base.db, { keyring });
  theirs = await createFilledTenant(base.db, { keyring });
  admin = await startTestAdmin({ db: base.db, keyring, demo: idleDemo });
});
afterAll(async () => {
  await admin[Symbol.asyncDispose]();
  await base[Symbol.asyncDispose]();
});

/** Parameters whose values are no ids of a tenant. */
const sameForAll: Record<string, string> = { version: "1", operation_id: "getProperty", kid: "pepper1" };

/** Lists that show nothing of a tenant, and settings that are no list. */
const ownless: ReadonlySet<RouteKey> = new Set<RouteKey>([
  "GET /v1/license-templates",
  "GET /v1/approval-mode",
  "GET /v1/keyring",
  "GET /v1/openapi.json",
]);

/** Changes that no API key makes, whatever its scopes: it is told so before anything is looked up. */
const forPeople: ReadonlySet<RouteKey> = new Set<RouteKey>([
  "POST /v1/licenses/{license_id}/resume",
  "POST /v1/licenses/{license_id}/versions/{version}/approve",
  "POST /v1/licenses/{license_id}/versions/{version}/refuse",
  "POST /v1/licenses/{license_id}/versions/{version}/publish",
]);

const all = Object.keys(adminApi) as RouteKey[];
const routeOf = (key: RouteKey): Route => adminApi[key];
const guarded = all.filter((key) => routeOf(key).permission !== null);
const shown = guarded.filter((key) => !isPeoples(key) && key.startsWith("GET ") && key !== "GET /v1/status");
const lists = shown.filter((key) => routeOf(key).params === undefined && !ownless.has(key));
// a pepper is the installation's: what is listed of it is the tenant's own, and is tested with the keyring
const gets = shown.filter((key) => routeOf(key).params !== undefined && key !== "GET /v1/keyring/{kid}/accesses");

function isPeoples(key: RouteKey): boolean {
  const { permission, person } = routeOf(key);
  return person === true || (permission !== null && isForPeople(permission));
}

/** The route's path with a tenant's ids; a parameter that the filled tenant does not know fails the test. */
function pathFor(key: RouteKey, ids: Record<string, string>): string {
  return splitRouteKey(key).path.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    const id = ids[name] ?? sameForAll[name];
    if (id === undefined) throw new Error(`no example id for the parameter ${name}`);
    return id;
  });
}

function idsIn(text: string, of: FilledTenant): string[] {
  return Object.values(of.ids).filter((id) => text.includes(id));
}

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

  test.each(guarded.filter((key) => !key.startsWith("GET ") && /_id\}/.test(key)))("%s does not touch the other's", async (key) => {
    const counts = [await auditCount(base.db, mine.tenantId), await auditCount(base.db, theirs.tenantId)];
    const { method } = splitRouteKey(key);
    const headers = routeOf(key).ifMatch === undefined ? {} : { "if-match": "*" };
    const reply = await admin.send(method, pathFor(key, theirs.ids), { key: mine.apiKey, body: exampleBody(key, theirs.ids), headers });
    expect(reply.status).toBe(forPeople.has(key) || isPeoples(key) ? 403 : 404);
    expect([await auditCount(base.db, mine.tenantId), await auditCount(base.db, theirs.tenantId)]).toEqual(counts);
  });

  test.each(["POST /v1/licenses", "POST /v1/clients", "POST /v1/accesses", "POST /v1/webhooks"] as const)(
    "%s cannot hang anything on the other's",
    async (key) => {
      const reply = await admin.send("POST", pathFor(key, {}), { key: mine.apiKey, body: exampleBody(key, theirs.ids) });
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

  test.each(guarded.filter(isPeoples))("%s refuses every API key: its scope is held by people alone", async (key) => {
    const { method } = splitRouteKey(key);
    const before = await auditCount(base.db, mine.tenantId);
    const reply = await admin.send(method, pathFor(key, mine.ids), {
      key: mine.apiKey,
      ...(method !== "GET" ? { body: exampleBody(key, theirs.ids) } : {}),
    });
    expect(reply).toMatchObject({ status: 403, json: { code: "forbidden" } });
    expect(await auditCount(base.db, mine.tenantId)).toBe(before);
  });

  test.each(guarded.filter((key) => !isPeoples(key)))("%s needs exactly the scope that the contract names", async (key) => {
    const { permission } = routeOf(key);
    const { method } = splitRouteKey(key);
    const path = pathFor(key, mine.ids);
    const scopes = (Object.keys(scopeTable) as Scope[]).filter((scope) => scope !== "operator" && !isForPeople(scope));
    const without = await createApiKey(mine.ctx, { name: "without", scopes: scopes.filter((scope) => scope !== permission) });
    const only = await createApiKey(mine.ctx, { name: "only", scopes: scopes.filter((scope) => scope === permission) });
    const before = await auditCount(base.db, mine.tenantId);
    const refused = await admin.send(method, path, {
      key: without.key.reveal(),
      ...(method !== "GET" ? { body: exampleBody(key, theirs.ids) } : {}),
    });
    expect(refused).toMatchObject({ status: 403, json: { code: "forbidden" } });
    expect(await auditCount(base.db, mine.tenantId)).toBe(before);
    // a body that no route takes: it gets past the scope and no further
    const passed = await admin.send(method, path, { key: only.key.reveal(), ...(method !== "GET" ? { body: [] } : {}) });
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
