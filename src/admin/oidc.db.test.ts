import { afterAll, beforeAll, expect, test } from "vitest";
import { startTestAdmin, type TestAdmin } from "../../test/helpers/admin.ts";
import { createTestDatabase, type TestDatabase } from "../../test/helpers/database.ts";
import { startOidcProvider, type TestProvider } from "../../test/helpers/oidc-provider.ts";
import { createTestUser, pageHeaders } from "../../test/helpers/people.ts";
import { auditOf, createTenantFixture, type TenantFixture } from "../../test/helpers/tenant.ts";
import { createIdentityProvider } from "../control/identity-provider/create.ts";
import { inviteUser } from "../control/user/invite.ts";

const verified = (email: string, more: object = {}) => ({ email, email_verified: true, name: "Pessoa do Provedor", ...more });

const groupsOfChefe = ["operacao"];

let base: TestDatabase;
let fixture: TenantFixture;
let admin: TestAdmin;
let provider: TestProvider;
let providerId: string;
let mapped: string;
let invitedId: string;

beforeAll(async () => {
  base = await createTestDatabase();
  fixture = await createTenantFixture(base.db);
  admin = await startTestAdmin({ db: base.db, keyring: fixture.keyring });
  provider = await startOidcProvider(
    [
      { sub: "convidada", claims: verified("Convidada@concessionaria.example") },
      { sub: "estranha", claims: verified("estranha@concessionaria.example") },
      { sub: "de-fora", claims: verified("convidada@outra.example") },
      { sub: "sem-prova", claims: { email: "convidada@concessionaria.example", email_verified: false } },
      { sub: "operadora", claims: verified("operadora@concessionaria.example", { groups: ["operacao"] }) },
      { sub: "chefe", claims: verified("chefe@concessionaria.example", { groups: groupsOfChefe }) },
    ],
    `${admin.url}/sign-in/oidc/callback`,
  );
  const boss = await createTestUser(fixture.ctx, ["administrador"]);
  const input = { name: "SSO", issuer: provider.issuer, client_id: provider.clientId, client_secret: provider.clientSecret };
  const create = async (more: object) => {
    const body = { ...input, email_domains: ["concessionaria.example"], ...more };
    const made = await admin.send("POST", "/v1/identity-providers", { body, headers: pageHeaders(admin.url, boss) });
    expect(made.status).toBe(201);
    expect(made.text).not.toContain(provider.clientSecret);
    return String(Reflect.get(Object(made.json), "provider_id"));
  };
  providerId = await create({});
  mapped = await create({ role_claim: "groups", role_map: [{ value: "operacao", roles: ["operador"] }] });
  const roles = ["auditor" as const];
  invitedId = (await inviteUser(fixture.ctx, { email: "convidada@concessionaria.example", name: "Convidada", roles })).user_id;
});
afterAll(async () => {
  await provider[Symbol.asyncDispose]();
  await admin[Symbol.asyncDispose]();
  await base[Symbol.asyncDispose]();
});

type Away = { location: string; cookie: string };

async function begin(id = providerId): Promise<Away> {
  const reply = await fetch(`${admin.url}/sign-in/oidc/${id}`, { redirect: "manual" });
  expect(reply.status).toBe(302);
  const set = reply.headers.get("set-cookie") ?? "";
  expect(set).toMatch(/^aqueduto-oidc=\S+; Path=\/; HttpOnly; SameSite=Lax; Max-Age=600$/);
  return { location: reply.headers.get("location") ?? "", cookie: set.split(";")[0] ?? "" };
}

async function arrive(url: string, cookie: string): Promise<Response> {
  return fetch(url, { redirect: "manual", headers: { cookie } });
}

async function signIn(account: string, id = providerId): Promise<Response> {
  const away = await begin(id);
  return arrive(await provider.visit(away.location, account), away.cookie);
}

function sessionOf(reply: Response): string {
  return /aqueduto=([A-Za-z0-9_-]{43})/.exec(reply.headers.getSetCookie().join("\n"))?.[1] ?? "";
}

test("the way out carries PKCE, state and nonce", async () => {
  const query = new URL((await begin()).location).searchParams;
  expect(Object.fromEntries(query)).toMatchObject({ response_type: "code", code_challenge_method: "S256", scope: "openid email profile" });
  for (const name of ["state", "nonce", "code_challenge"]) expect(query.get(name)?.length).toBeGreaterThanOrEqual(43);
});

test("an invited person signs in, and adds a second factor before anything else", async () => {
  const reply = await signIn("convidada");
  expect(reply.status).toBe(302);
  expect(reply.headers.get("location")).toBe("/");
  const me = await admin.send("GET", "/v1/session", { headers: { cookie: `aqueduto=${sessionOf(reply)}` } });
  expect(me.json).toMatchObject({ user_id: invitedId, roles: ["auditor"], second_factor: "enroll", scopes: ["account:own"] });
  expect((await auditOf(base.db, fixture.tenantId, invitedId)).map((entry) => entry.action)).toEqual(["user.invite", "user.link_provider"]);
  expect((await signIn("convidada")).status).toBe(302);
});

test.each(["estranha", "de-fora", "sem-prova"])("%s is nobody here", async (account) => {
  const reply = await signIn(account);
  expect(reply.status).toBe(401);
  expect(await reply.json()).toMatchObject({ code: "sign-in-failed" });
});

test("a role map makes the person and gives the roles", async () => {
  const reply = await signIn("operadora", mapped);
  const me = await admin.send("GET", "/v1/session", { headers: { cookie: `aqueduto=${sessionOf(reply)}` } });
  expect(me.json).toMatchObject({ roles: ["operador"] });
});

test("groups do not demote or shut out the last administrador; beside another one they do", async () => {
  const own = await createTenantFixture(base.db, { keyring: fixture.keyring });
  const { user_id } = await inviteUser(own.ctx, { email: "chefe@concessionaria.example", name: "Chefe", roles: ["administrador"] });
  const input = { name: "SSO", issuer: provider.issuer, client_id: provider.clientId, client_secret: provider.clientSecret };
  const email_domains = ["concessionaria.example"];
  const plain = await createIdentityProvider(own.ctx, { ...input, email_domains });
  const map = { role_claim: "groups", role_map: [{ value: "operacao", roles: ["operador" as const] }] };
  const byGroups = await createIdentityProvider(own.ctx, { ...input, ...map, email_domains });
  const rolesAfter = async (account: string, id: string) => {
    const cookie = `aqueduto=${sessionOf(await signIn(account, id))}`;
    return Reflect.get(Object((await admin.send("GET", "/v1/session", { headers: { cookie } })).json), "roles");
  };
  for (const { provider_id } of [plain, byGroups]) expect(await rolesAfter("chefe", provider_id)).toEqual(["administrador"]);
  const kept = (await auditOf(base.db, own.tenantId, user_id)).at(-1);
  expect(kept).toMatchObject({ action: "user.roles", detail: { after: ["administrador"], not_taken: ["operador"], by: "provider" } });
  groupsOfChefe.length = 0;
  expect(await rolesAfter("chefe", byGroups.provider_id)).toEqual(["administrador"]);
  await createTestUser(own.ctx, ["administrador"]);
  expect((await signIn("chefe", byGroups.provider_id)).status).toBe(401);
  groupsOfChefe.push("operacao");
  expect(await rolesAfter("chefe", byGroups.provider_id)).toEqual(["operador"]);
});

test("a callback without the browser's cookie, with another's, a second time, with another state, code or issuer is refused", async () => {
  const mine = await begin();
  const theirs = await begin();
  const url = await provider.visit(mine.location, "convidada");
  for (const reply of [await arrive(url, ""), await arrive(url, theirs.cookie)]) expect(reply.status).toBe(401);
  const forged = new URL(url);
  forged.searchParams.set("state", "outro");
  const third = await begin();
  const refusals = async () =>
    (await auditOf(base.db, fixture.tenantId, "unknown")).filter((entry) => entry.action === "session.refuse").length;
  const before = await refusals();
  expect((await arrive(forged.href, third.cookie)).status).toBe(401);
  // another browser's code under one's own state: PKCE and nonce are another's
  const fourth = await begin();
  forged.searchParams.set("state", new URL(fourth.location).searchParams.get("state") ?? "");
  expect((await arrive(forged.href, fourth.cookie)).status).toBe(401);
  const fifth = await begin();
  const elsewhere = new URL(await provider.visit(fifth.location, "convidada"));
  elsewhere.searchParams.set("iss", "https://outro.example");
  expect((await arrive(elsewhere.href, fifth.cookie)).status).toBe(401);
  expect(await refusals(), "each is in the audit").toBe(before + 3);
  expect((await arrive(url, mine.cookie)).status).toBe(302);
  expect((await arrive(url, mine.cookie)).status).toBe(401);
});

test("hostile callbacks and ids are refused without a failure of ours", async () => {
  const paths = [
    "/sign-in/oidc/callback",
    "/sign-in/oidc/callback?code=%00&state=x",
    "/sign-in/oidc/idp_x",
    "/sign-in/oidc/%00",
    "/sign-in/oidc/..%2f",
  ];
  for (const path of paths)
    for (const cookie of ["", "aqueduto-oidc=x", "aqueduto-oidc=*~x", "aqueduto-oidc=a~b~c", "aqueduto-oidc=ten_x~\u00e7"]) {
      const reply = await fetch(admin.url + path, { redirect: "manual", headers: { cookie: encodeURI(cookie) } });
      expect(reply.status).toBeGreaterThanOrEqual(400);
      expect(reply.status).toBeLessThan(500);
    }
});

test("a disabled provider signs nobody in", async () => {
  const disabled = await admin.send("POST", `/v1/identity-providers/${mapped}/disable`, { key: fixture.apiKey });
  expect(disabled.json).toMatchObject({ state: "disabled" });
  expect((await fetch(`${admin.url}/sign-in/oidc/${mapped}`, { redirect: "manual" })).status).toBe(404);
});
