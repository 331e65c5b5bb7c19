import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startTestAdmin, type TestAdmin, type TestReply } from "../../test/helpers/admin.ts";
import { createTestDatabase, type TestDatabase } from "../../test/helpers/database.ts";
import { createTestUser, pageHeaders, totpAt, type TestUser } from "../../test/helpers/people.ts";
import { auditCount, createTenantFixture, type TenantFixture } from "../../test/helpers/tenant.ts";
import { ensureSetupLink } from "../control/user/ensure-setup-link.ts";

let base: TestDatabase;
let fixture: TenantFixture;
let admin: TestAdmin;
let boss: TestUser;
beforeAll(async () => {
  base = await createTestDatabase();
  fixture = await createTenantFixture(base.db);
  admin = await startTestAdmin({ db: base.db, keyring: fixture.keyring });
  const link = await ensureSetupLink(fixture.ctx, admin.url);
  expect(link?.url.startsWith(`${admin.url}/sign-in/link#`)).toBe(true);
  boss = await createTestUser(fixture.ctx, ["administrador"]);
});
afterAll(async () => {
  await admin[Symbol.asyncDispose]();
  await base[Symbol.asyncDispose]();
});

const asBoss = () => pageHeaders(admin.url, boss);
const member = (reply: TestReply, name: string) => String(Reflect.get(Object(reply.json), name));
const cookieOf = (reply: TestReply) =>
  /^aqueduto=([A-Za-z0-9_-]{43}); Path=\/; HttpOnly; SameSite=Strict$/.exec(reply.headers.getSetCookie()[0] ?? "")?.[1] ?? "";
const deviceOf = (reply: TestReply) =>
  /^aqueduto-device=(\S{60,100}); Path=\/; HttpOnly; SameSite=Strict; Max-Age=15552000$/.exec(reply.headers.getSetCookie()[1] ?? "")?.[1] ??
  "";

test("invited, link, authenticator app, sign-out, sign-in with both factors: the whole way over HTTP", async () => {
  const person = { email: "nova@example.com", name: "Nova", roles: ["operador"] };
  const invited = await admin.send("POST", "/v1/users", { body: person, headers: asBoss() });
  expect(invited.status).toBe(201);
  const secret = member(invited, "link").split("#")[1];
  const password = "uma frase de passagem";
  const first = await admin.send("POST", "/v1/sign-in/link", { body: { link: secret, password } });
  expect(first.json).toMatchObject({ second_factor: "enroll" });
  let page = pageHeaders(admin.url, { token: cookieOf(first), csrf: member(first, "csrf") });
  expect((await admin.send("GET", "/v1/partners", { headers: page })).status).toBe(403);
  const app = await admin.send("POST", "/v1/factors/totp", { body: { name: "app" }, headers: page });
  const now = new Date();
  const totp = totpAt(member(app, "secret"), now);
  const factor = await admin.send("POST", `/v1/factors/${member(app, "factor_id")}/confirm`, { body: { totp }, headers: page });
  expect(Reflect.get(Object(factor.json), "recovery_codes")).toHaveLength(10);
  const stronger = cookieOf(factor);
  expect(stronger).not.toBe(cookieOf(first));
  expect(first.headers.getSetCookie()).toHaveLength(1);
  const device = deviceOf(factor);
  expect(device).not.toBe("");
  const me = await admin.send("GET", "/v1/session", { headers: { cookie: `aqueduto=${stronger}` } });
  page = pageHeaders(admin.url, { token: stronger, csrf: member(me, "csrf") });
  expect((await admin.send("GET", "/v1/partners", { headers: page })).status).toBe(200);
  const out = await admin.send("POST", "/v1/sign-out", { headers: page });
  expect(out.headers.get("set-cookie")).toMatch(/^aqueduto=; .*Max-Age=0/);
  expect((await admin.send("GET", "/v1/session", { headers: page })).status).toBe(401);
  const again = await admin.send("POST", "/v1/sign-in", { body: { email: "NOVA@example.com", password } });
  const pending = pageHeaders(admin.url, { token: cookieOf(again), csrf: member(again, "csrf") });
  const code = totpAt(member(app, "secret"), new Date(now.getTime() + 30_000));
  const second = await admin.send("POST", "/v1/second-factor", { body: { totp: code }, headers: pending });
  expect(second.json).toMatchObject({ second_factor: "given", roles: ["operador"] });
  expect((await admin.send("GET", "/v1/session", { headers: pending })).status).toBe(401);
  expect(deviceOf(second)).not.toBe(device);
});

test("strangers' guesses lock the account for strangers; the browser in which its owner signed in before still gets in", async () => {
  const person = await createTestUser(fixture.ctx, ["auditor"]);
  const right = { email: person.email, password: person.password, tenant_id: fixture.tenantId };
  const signIn = (body: object, cookie?: string) =>
    admin.send("POST", "/v1/sign-in", { body, ...(cookie === undefined ? {} : { headers: { cookie } }) });
  const pending = await signIn(right);
  const headers = pageHeaders(admin.url, { token: cookieOf(pending), csrf: member(pending, "csrf") });
  const own = `aqueduto-device=${deviceOf(await admin.send("POST", "/v1/second-factor", { body: { recovery_code: person.recoveryCodes[0] }, headers }))}`;
  const wrong = { ...right, password: "errada errada errada" };
  for (let i = 0; i < 5; i += 1) expect((await signIn(wrong)).json).toMatchObject({ code: "sign-in-failed" });
  expect((await signIn(right)).json).toMatchObject({ code: "sign-in-locked" });
  const other = { ...right, email: "outra@example.com" };
  for (const cookie of [`${own}x`, own.replace(/.$/, (last) => (last === "A" ? "E" : "A")), own.replace("=", "=1"), "aqueduto-device=x"])
    expect((await signIn(right, cookie)).json).toMatchObject({ code: "sign-in-locked" });
  expect((await signIn(right, own)).status).toBe(200);
  // it has a count of its own, and is worth nothing at another account
  for (let i = 0; i < 5; i += 1) expect((await signIn(wrong, own)).json).toMatchObject({ code: "sign-in-failed" });
  expect((await signIn(right, own)).json).toMatchObject({ code: "sign-in-locked" });
  for (let i = 0; i < 5; i += 1) expect((await signIn(other, own)).json).toMatchObject({ code: "sign-in-failed" });
  expect((await signIn(other, own)).json).toMatchObject({ code: "sign-in-locked" });
});

describe("a change with a cookie", () => {
  const body = { email: "x@example.com", name: "x", roles: ["auditor"] };
  const without = (name: string) => Object.fromEntries(Object.entries(asBoss()).filter(([key]) => key !== name));

  test.each([
    ["without its csrf header", () => without("aqueduto-csrf")],
    ["with another session's csrf", () => ({ ...asBoss(), "aqueduto-csrf": "A".repeat(43) })],
    ["that does not say its origin", () => without("origin")],
    ["from another origin", () => ({ ...asBoss(), origin: "https://evil.example" })],
    ["from another site's page", () => ({ ...without("origin"), "sec-fetch-site": "cross-site" })],
  ])("%s is refused", async (_, headers) => {
    const before = await auditCount(base.db, fixture.tenantId);
    const reply = await admin.send("POST", "/v1/users", { body, headers: headers() });
    expect(reply).toMatchObject({ status: 403, json: { code: "forbidden" } });
    expect(await auditCount(base.db, fixture.tenantId)).toBe(before);
  });

  test("from our own page is taken, also where the browser names the site and not the origin", async () => {
    const headers = { ...without("origin"), "sec-fetch-site": "same-origin" };
    expect((await admin.send("POST", "/v1/users", { body, headers })).status).toBe(201);
  });

  test("beside a key: the key counts, not the cookie", async () => {
    const reply = await admin.send("GET", "/v1/users", { key: "aqk_wrong", headers: asBoss() });
    expect(reply.status).toBe(401);
  });
});

test("a key invites who opens nothing, and nobody who approves or undoes kill switches; a person with a fresh second factor invites both", async () => {
  const body = (role: string) => ({ email: `${role}@example.org`, name: "x", roles: [role] });
  for (const role of ["administrador", "encarregado", "operador"]) {
    expect(await admin.send("POST", "/v1/users", { body: body(role), key: fixture.apiKey })).toMatchObject({ status: 403 });
    expect((await admin.send("POST", "/v1/users", { body: body(role), headers: asBoss() })).status).toBe(201);
  }
  expect((await admin.send("POST", "/v1/users", { body: body("auditor"), key: fixture.apiKey })).status).toBe(201);
  expect(await admin.send("POST", "/v1/users", { body: body("auditor"), key: fixture.apiKey })).toMatchObject({ status: 409 });
  expect(await admin.send("POST", "/v1/users", { body: body("integrador"), key: fixture.apiKey })).toMatchObject({
    json: { pointer: "/body/partner_ids" },
  });
});

test("a key never turns a user into an approver or an operador, nor resets or enables one who is", async () => {
  const path = `/v1/users/${boss.userId}`;
  const refused = { status: 403, json: { code: "forbidden" } };
  expect(await admin.send("POST", `${path}/roles`, { body: { roles: ["auditor"] }, key: fixture.apiKey })).toMatchObject(refused);
  expect(await admin.send("POST", `${path}/reset`, { body: { reason: "x" }, key: fixture.apiKey })).toMatchObject(refused);
  const auditor = await createTestUser(fixture.ctx, ["auditor"]);
  const raise = { body: { roles: ["operador"] }, key: fixture.apiKey };
  expect(await admin.send("POST", `/v1/users/${auditor.userId}/roles`, raise)).toMatchObject(refused);
  expect(await admin.send("POST", `${path}/disable`, { body: { reason: "x" }, headers: asBoss() })).toMatchObject({ status: 409 });
});

test("the last administrador stays", async () => {
  const only = await createTenantFixture(base.db, { keyring: fixture.keyring });
  const one = await createTestUser(only.ctx, ["administrador"]);
  expect(await admin.send("POST", `/v1/users/${one.userId}/disable`, { body: { reason: "x" }, key: only.apiKey })).toMatchObject({
    status: 409,
  });
  const headers = pageHeaders(admin.url, one);
  const demote = await admin.send("POST", `/v1/users/${one.userId}/roles`, { body: { roles: ["auditor"] }, headers });
  expect(demote).toMatchObject({ status: 409 });
});

test("API keys: none with what only people hold, none beyond its maker's partners, ended ones at once", async () => {
  const name = "x";
  for (const scope of ["licenses:approve", "account:own"]) {
    const reply = await admin.send("POST", "/v1/api-keys", { body: { name, scopes: [scope] }, headers: asBoss() });
    expect(reply).toMatchObject({ status: 422, json: { pointer: "/body/scopes" } });
  }
  const partner = await createTestUser(fixture.ctx, ["integrador"], [fixture.partner.partner_id]);
  const headers = pageHeaders(admin.url, partner);
  expect(await admin.send("POST", "/v1/api-keys", { body: { name, scopes: ["users:read"] }, headers })).toMatchObject({ status: 403 });
  const made = await admin.send("POST", "/v1/api-keys", { body: { name, scopes: ["partners:read", "tokens:read"] }, headers });
  const key = member(made, "key");
  const other = await admin.send("POST", "/v1/partners", { body: { name: "Outro" }, key: fixture.apiKey });
  const seen = await admin.send("GET", "/v1/partners", { key });
  expect(seen.text).toContain(fixture.partner.partner_id);
  expect(seen.text).not.toContain(member(other, "partner_id"));
  expect((await admin.send("GET", "/v1/api-keys", { headers })).text).not.toContain(fixture.apiKeyId);
  expect(await admin.send("POST", `/v1/api-keys/${fixture.apiKeyId}/end`, { body: { reason: "x" }, headers })).toMatchObject({
    status: 404,
  });
  expect((await admin.send("POST", `/v1/api-keys/${member(made, "key_id")}/end`, { body: { reason: "x" }, headers })).status).toBe(200);
  expect((await admin.send("GET", "/v1/partners", { key })).status).toBe(401);
  const soon = { name, scopes: ["partners:read"], expires_at: new Date(Date.now() + 1_500).toISOString() };
  const short = member(await admin.send("POST", "/v1/api-keys", { body: soon, headers: asBoss() }), "key");
  expect((await admin.send("GET", "/v1/partners", { key: short })).status).toBe(200);
  await expect.poll(async () => (await admin.send("GET", "/v1/partners", { key: short })).status, { timeout: 10_000 }).toBe(401);
});

test("whoever may not change users sees them masked", async () => {
  const helper = await createTestUser(fixture.ctx, ["suporte"]);
  const reply = await admin.send("GET", `/v1/users/${boss.userId}`, { headers: pageHeaders(admin.url, helper) });
  expect(reply.json).toMatchObject({ email: "u***@e***", name: "P. d. T." });
  expect(await admin.send("GET", `/v1/users/${boss.userId}`, { headers: asBoss() })).toMatchObject({ json: { email: boss.email } });
});

test("the page of a link runs its own script alone, and a link's secret reaches no log", async () => {
  const page = await admin.send("GET", "/sign-in/link");
  expect(page.status).toBe(200);
  expect(page.headers.get("content-security-policy")).toMatch(
    /^default-src 'none'; script-src 'sha256-[^ ;]+'; style-src 'sha256-[^ ;]+'; connect-src 'self';/,
  );
  expect(page.headers.get("referrer-policy")).toBe("no-referrer");
});

test("hostile cookies are no session", async () => {
  for (const value of [
    "",
    "x",
    "%00",
    "A".repeat(43),
    "A".repeat(5_000),
    `${boss.token}x`,
    `"${boss.token}"`,
    `${boss.token}; aqueduto=${boss.token}`,
  ]) {
    const reply = await admin.send("GET", "/v1/session", { headers: { cookie: `aqueduto=${value}` } });
    expect(reply.status).toBe(401);
  }
  const prefixed = await admin.send("GET", "/v1/session", { headers: { cookie: `__Host-aqueduto=${boss.token}` } });
  expect(prefixed.status).toBe(401);
});
