import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { idleDemo, startTestAdmin, type TestAdmin } from "../../test/helpers/admin.ts";
import { createTestDatabase, type TestDatabase } from "../../test/helpers/database.ts";
import { exampleBody } from "../../test/helpers/example-bodies.ts";
import { createFilledTenant, type FilledTenant } from "../../test/helpers/filled-tenant.ts";
import { createTestUser, pageHeaders, type TestUser } from "../../test/helpers/people.ts";
import { auditCount } from "../../test/helpers/tenant.ts";
import { roles, type Role } from "../contract/roles.ts";
import type { Route } from "../contract/route.ts";
import { adminApi, splitRouteKey, type RouteKey } from "../contract/routes.ts";
import { openSession } from "../control/session/open.ts";
import { csrfOf } from "../control/session/token.ts";
import { tenantTx } from "../db/tx.ts";
import { newId } from "../platform/ids.ts";

/**
 * Who may call what; what a partner's user may not see of another partner is in partner-scope.db.test.ts. A: administrador, O: operador, I: integrador (its partners' rows alone), U: auditor, E: encarregado,
 * S: suporte; open: whoever has no session; nobody: API keys alone. A route that is not here does not compile, and fails
 * the first test.
 */
const mayCall: Record<RouteKey, string> = {
  "GET /healthz": "open",
  "GET /readyz": "open",
  "GET /v1/status": "AOUES",
  "GET /v1/openapi.json": "AOUES",
  "POST /v1/partners": "AO",
  "GET /v1/partners": "AOIUES",
  "GET /v1/partners/{partner_id}": "AOIUES",
  "POST /v1/partners/{partner_id}/disable": "AO",
  "POST /v1/partners/{partner_id}/enable": "AO",
  "POST /v1/partners/{partner_id}/revoke": "AO",
  "POST /v1/licenses": "AO",
  "GET /v1/licenses": "AOIUES",
  "GET /v1/licenses/{license_id}": "AOIUES",
  "POST /v1/licenses/{license_id}/suspend": "AO",
  "POST /v1/licenses/{license_id}/resume": "AE",
  "POST /v1/licenses/{license_id}/end": "AO",
  "POST /v1/licenses/{license_id}/versions": "AO",
  "GET /v1/licenses/{license_id}/versions": "AOIUES",
  "GET /v1/licenses/{license_id}/versions/{version}": "AOIUES",
  "PATCH /v1/licenses/{license_id}/versions/{version}": "AO",
  "GET /v1/licenses/{license_id}/versions/{version}/matriculas": "AOIUES",
  "GET /v1/licenses/{license_id}/versions/{version}/effect": "AOIUES",
  "POST /v1/licenses/{license_id}/versions/{version}/submit": "AO",
  "POST /v1/licenses/{license_id}/versions/{version}/approve": "AE",
  "POST /v1/licenses/{license_id}/versions/{version}/refuse": "AE",
  "POST /v1/licenses/{license_id}/versions/{version}/publish": "AO",
  "POST /v1/licenses/{license_id}/versions/{version}/withdraw": "AO",
  "POST /v1/licenses/{license_id}/versions/{version}/rollback": "AO",
  "GET /v1/license-templates": "AOIUES",
  "GET /v1/approval-mode": "AOIUES",
  "PUT /v1/approval-mode": "A",
  "POST /v1/clients": "AOI",
  "GET /v1/clients": "AOIUES",
  "GET /v1/clients/{client_id}": "AOIUES",
  "POST /v1/clients/{client_id}/disable": "AOI",
  "POST /v1/clients/{client_id}/enable": "AOI",
  "POST /v1/clients/{client_id}/revoke": "AOI",
  "POST /v1/accesses": "AOI",
  "GET /v1/accesses": "AOIUES",
  "GET /v1/accesses/{access_id}": "AOIUES",
  "PATCH /v1/accesses/{access_id}": "AOI",
  "POST /v1/accesses/{access_id}/disable": "AOI",
  "POST /v1/accesses/{access_id}/enable": "AOI",
  "POST /v1/accesses/{access_id}/revoke": "AOI",
  "GET /v1/tokens": "AOIUES",
  "GET /v1/tokens/{token_id}": "AOIUES",
  "PATCH /v1/tokens/{token_id}": "AOI",
  "POST /v1/accesses/{access_id}/tokens": "AOI",
  "POST /v1/accesses/{access_id}/tokens/register": "AOI",
  "POST /v1/accesses/{access_id}/tokens/regenerate": "AOI",
  "POST /v1/tokens/{token_id}/revoke": "AOI",
  "GET /v1/revocations": "AOIUES",
  "GET /v1/revocations/{revocation_id}": "AOIUES",
  "POST /v1/kill-switches": "AOE",
  "GET /v1/kill-switches": "AOUE",
  "GET /v1/kill-switches/{switch_id}": "AOUE",
  "POST /v1/kill-switches/{switch_id}/undo": "AOE",
  "POST /v1/webhooks": "AOI",
  "GET /v1/webhooks": "AOIUES",
  "GET /v1/webhooks/{webhook_id}": "AOIUES",
  "PATCH /v1/webhooks/{webhook_id}": "AOI",
  "POST /v1/webhooks/{webhook_id}/test": "AOI",
  "GET /v1/deliveries": "AOIUES",
  "GET /v1/deliveries/{delivery_id}": "AOIUES",
  "POST /v1/events": "nobody",
  "GET /v1/events": "AOUES",
  "GET /v1/services": "AOUES",
  "POST /v1/services": "AO",
  "GET /v1/services/{service_id}": "AOUES",
  "PATCH /v1/services/{service_id}": "AO",
  "POST /v1/services/{service_id}/credential": "AO",
  "POST /v1/services/{service_id}/identity-key": "AO",
  "GET /v1/services/{service_id}/openapi": "AOUES",
  "PUT /v1/services/{service_id}/openapi": "AO",
  "POST /v1/services/{service_id}/openapi/diff": "AOUES",
  "POST /v1/openapi/lint": "AOUES",
  "GET /v1/services/{service_id}/versions": "AOUES",
  "GET /v1/operations": "AOIUES",
  "GET /v1/services/{service_id}/operations/{operation_id}": "AOUES",
  "PATCH /v1/services/{service_id}/operations/{operation_id}": "AO",
  "GET /v1/keyring": "A",
  "POST /v1/keyring/rotate": "A",
  "GET /v1/keyring/{kid}/accesses": "A",
  "POST /v1/keyring/{kid}/end": "A",
  "GET /v1/audit/admin": "AOIUE",
  "GET /v1/audit/access": "AOIUE",
  "GET /v1/audit/entries/{entry_id}": "AOIUE",
  "GET /v1/requests/{request_id}/explain": "AOIUES",
  "POST /v1/requests/verify": "AOIUES",
  "GET /v1/alerts": "AOUE",
  "POST /v1/alerts/{alert_id}/acknowledge": "AOE",
  "POST /v1/processing-record/export": "AUE",
  "POST /v1/subject-reports": "AE",
  "GET /v1/incidents": "AUE",
  "POST /v1/incidents": "AE",
  "GET /v1/incidents/{incident_id}": "AUE",
  "POST /v1/incidents/{incident_id}/assess": "AE",
  "POST /v1/incidents/{incident_id}/notify": "AE",
  "POST /v1/incidents/{incident_id}/complete": "AE",
  "POST /v1/incidents/{incident_id}/close": "AE",
  "POST /v1/incidents/{incident_id}/notes": "AE",
  "POST /v1/incident-register/export": "AUE",
  "POST /v1/users": "A",
  "GET /v1/users": "AOUES",
  "GET /v1/users/{user_id}": "AOUES",
  "POST /v1/users/{user_id}/roles": "A",
  "POST /v1/users/{user_id}/disable": "A",
  "POST /v1/users/{user_id}/enable": "A",
  "POST /v1/users/{user_id}/reset": "A",
  "POST /v1/users/{user_id}/sessions/end": "A",
  "GET /v1/sign-in/providers": "open",
  "POST /v1/sign-in": "open",
  "POST /v1/sign-in/link": "open",
  "POST /v1/sign-in/passkey/options": "open",
  "POST /v1/sign-in/passkey": "open",
  "POST /v1/second-factor/passkey/options": "AOIUES",
  "POST /v1/second-factor": "AOIUES",
  "POST /v1/sign-out": "AOIUES",
  "GET /v1/session": "AOIUES",
  "GET /v1/sessions": "AOIUES",
  "POST /v1/sessions/{session_id}/end": "AOIUES",
  "POST /v1/password": "AOIUES",
  "GET /v1/factors": "AOIUES",
  "POST /v1/factors/totp": "AOIUES",
  "POST /v1/factors/{factor_id}/confirm": "AOIUES",
  "POST /v1/factors/passkey/options": "AOIUES",
  "POST /v1/factors/passkey": "AOIUES",
  "POST /v1/factors/{factor_id}/remove": "AOIUES",
  "POST /v1/recovery-codes": "AOIUES",
  "POST /v1/identity-providers": "A",
  "GET /v1/identity-providers": "AOUES",
  "POST /v1/identity-providers/{provider_id}/disable": "A",
  "POST /v1/identity-providers/{provider_id}/enable": "A",
  "POST /v1/api-keys": "AI",
  "GET /v1/api-keys": "AOIUE",
  "POST /v1/api-keys/{key_id}/end": "AI",
  "POST /v1/demo/pay": "AO",
  "POST /v1/demo/close-month": "AO",
  "POST /v1/demo/reverse": "AO",
  "POST /v1/demo/base": "AO",
};

const letters: Record<Role, string> = { administrador: "A", operador: "O", integrador: "I", auditor: "U", encarregado: "E", suporte: "S" };

let base: TestDatabase;
let admin: TestAdmin;
let mine: FilledTenant;
let theirs: FilledTenant;
const users = new Map<Role, TestUser>();

beforeAll(async () => {
  base = await createTestDatabase();
  mine = await createFilledTenant(base.db);
  theirs = await createFilledTenant(base.db, { keyring: mine.keyring });
  admin = await startTestAdmin({ db: base.db, keyring: mine.keyring, demo: idleDemo });
  for (const role of roles) users.set(role, await createTestUser(mine.ctx, [role], role === "integrador" ? [mine.partner.partner_id] : []));
});
afterAll(async () => {
  await admin[Symbol.asyncDispose]();
  await base[Symbol.asyncDispose]();
});

const all = Object.keys(adminApi) as RouteKey[];
const routeOf = (key: RouteKey): Route => adminApi[key];
const guarded = all.filter((key) => routeOf(key).permission !== null);

/** A session of its own for each call, since some calls end it. */
async function sessionOf(role: Role, secondFactor = true): Promise<Record<string, string>> {
  const userId = users.get(role)?.userId ?? "";
  const opened = { userId, method: "password" as const, secondFactorAt: secondFactor ? new Date() : null, awaitsFactor: false };
  const { token } = await tenantTx(base.db, mine.tenantId, (tx) => openSession(tx, { ...mine.ctx, requestId: "req_test" }, opened));
  return pageHeaders(admin.url, { token, csrf: csrfOf(token) });
}

/** Parameters whose values are no ids of a tenant. */
const sameForAll: Record<string, string> = { version: "1", operation_id: "getProperty", kid: "pepper1" };

/** The route's path; what is not named is an id that is not there. */
function pathFor(key: RouteKey, ids: Record<string, string> = {}): string {
  return splitRouteKey(key).path.replaceAll(/\{(\w+)\}/g, (_, name: string) => ids[name] ?? sameForAll[name] ?? newId("zzz"));
}

/** A body that no route takes: a call that is allowed gets past the scope and no further. */
function call(key: RouteKey, path: string, headers: Record<string, string>) {
  const { method } = splitRouteKey(key);
  return admin.send(method, path, { headers, ...(method === "GET" ? {} : { body: [] }) });
}

/** A call in the form that the route takes. */
async function goodCall(key: RouteKey, path: string, headers: Record<string, string>): Promise<{ status: number; json: object }> {
  const { method } = splitRouteKey(key);
  const precondition = routeOf(key).ifMatch === undefined ? {} : { "if-match": "*" };
  const body = method === "GET" || routeOf(key).body === undefined ? {} : { body: exampleBody(key, theirs.ids) };
  const { status, json } = await admin.send(method, path, { headers: { ...headers, ...precondition }, ...body });
  return { status, json: { ...Object(json), request_id: "" } };
}

test("every route of the contract is in the table, and the table names no other", () => {
  expect(Object.keys(mayCall).toSorted()).toEqual(all.toSorted());
  for (const key of all) expect(mayCall[key] === "open").toBe(routeOf(key).permission === null);
});

describe.each(roles)("%s", (role) => {
  const isAllowed = (key: RouteKey) => mayCall[key] !== "nobody" && mayCall[key].includes(letters[role]);

  test.each(guarded.filter((key) => !isAllowed(key)))("may not %s", async (key) => {
    const headers = await sessionOf(role);
    const before = await auditCount(base.db, mine.tenantId);
    expect(await call(key, pathFor(key), headers)).toMatchObject({ status: 403, json: { code: "forbidden" } });
    expect(await auditCount(base.db, mine.tenantId)).toBe(before);
  });

  test.each(guarded.filter(isAllowed))("may %s", async (key) => {
    const reply = await call(key, pathFor(key), await sessionOf(role));
    expect(reply.status).not.toBe(401);
    expect(reply.json).not.toMatchObject({ code: "forbidden" });
    expect(reply.status).toBeLessThan(500);
  });

  const ofTenant = guarded.filter((key) => isAllowed(key) && key.includes("_id}"));

  test.each(ofTenant)("%s: what is another tenant's is as if it were not there, and stays as it is", async (key) => {
    const headers = await sessionOf(role);
    const counts = () => Promise.all([auditCount(base.db, mine.tenantId), auditCount(base.db, theirs.tenantId)]);
    const before = await counts();
    const other = await goodCall(key, pathFor(key, theirs.ids), headers);
    expect(other.status).toBe(404);
    expect(other).toEqual(await goodCall(key, pathFor(key), headers));
    expect(await counts()).toEqual(before);
  });

  test.each(ofTenant.filter((key) => key.startsWith("GET ")))("%s: one's own is there", async (key) => {
    expect((await goodCall(key, pathFor(key, mine.ids), await sessionOf(role))).status).toBe(200);
  });
});

test.each(guarded)("%s is closed until a second factor is given, unless it is about one's own sign-in", async (key) => {
  const reply = await call(key, pathFor(key), await sessionOf("administrador", false));
  if (routeOf(key).permission === "account:own") expect(reply.json).not.toMatchObject({ code: "forbidden" });
  else expect(reply).toMatchObject({ status: 403, json: { code: "forbidden" } });
});
