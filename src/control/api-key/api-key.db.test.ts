import { sql } from "kysely";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../../../test/helpers/database.ts";
import { auditCount, auditOf, contextWith, createTenantFixture, testKeyring, type TenantFixture } from "../../../test/helpers/tenant.ts";
import { createTestUser } from "../../../test/helpers/people.ts";
import type { Scope } from "../../contract/scopes.ts";
import { tenantTx } from "../../db/tx.ts";
import { Secret } from "../../platform/secret.ts";
import type { ActionContext } from "../context.ts";
import { createPartner } from "../partner/create.ts";
import { changeUserRoles } from "../user/change-roles.ts";
import { disableUser } from "../user/disable.ts";
import { enableUser } from "../user/enable.ts";
import { authenticateApiKey } from "./authenticate.ts";
import { createApiKey } from "./create.ts";
import { endApiKey } from "./end.ts";
import { newApiKeyText } from "./key-format.ts";

let base: TestDatabase;
beforeAll(async () => {
  base = await createTestDatabase();
});
afterAll(() => base[Symbol.asyncDispose]());

test("a key signs in as what it was made for, its text is in no row and no audit entry", async () => {
  const { ctx, keyring } = await createTenantFixture(base.db);
  const made = await createApiKey(ctx, { name: "producer", scopes: ["events:write"], eventTypes: ["client-transaction"] });
  expect(await authenticateApiKey(base.db, keyring, made.key.reveal())).toEqual({
    tenantId: ctx.tenantId,
    keyId: made.key_id,
    scopes: ["events:write"],
    eventTypes: ["client-transaction"],
  });
  const audit = await auditOf(base.db, ctx.tenantId, made.key_id);
  expect(audit).toMatchObject([{ action: "key.create", detail: { scopes: ["events:write"] } }]);
  expect(JSON.stringify([audit, made])).not.toContain(made.key.reveal());
});

test("a key made under the pepper before still signs in", async () => {
  const { ctx, keyring, apiKey, apiKeyId } = await createTenantFixture(base.db);
  const rotated = { ...keyring, pepper: { ...testKeyring().pepper, kid: "pepper2", previous: keyring.pepper } };
  expect(await authenticateApiKey(base.db, rotated, apiKey)).toMatchObject({ keyId: apiKeyId, tenantId: ctx.tenantId });
  expect(await authenticateApiKey(base.db, testKeyring(), apiKey)).toBeUndefined();
});

test("an ended, an unknown and a malformed key are the same: nobody", async () => {
  const { ctx, keyring, apiKey, apiKeyId } = await createTenantFixture(base.db);
  await tenantTx(base.db, ctx.tenantId, (tx) => sql`UPDATE api_key SET state = 'ended' WHERE key_id = ${apiKeyId}`.execute(tx));
  for (const text of [apiKey, newApiKeyText(), "", "aqk_", `${apiKey} `, `${apiKey}\0`, "aqk_" + "é".repeat(43)]) {
    expect(await authenticateApiKey(base.db, keyring, text)).toBeUndefined();
  }
});

test("a text given beforehand becomes a key once", async () => {
  const { ctx, keyring } = await createTenantFixture(base.db);
  const text = new Secret(newApiKeyText());
  const made = await createApiKey(ctx, { name: "operator", scopes: ["operator"], text });
  expect(await authenticateApiKey(base.db, keyring, text.reveal())).toMatchObject({ keyId: made.key_id });
  await expect(createApiKey(ctx, { name: "again", scopes: ["operator"], text })).rejects.toMatchObject({ code: "conflict" });
  await expect(createApiKey(ctx, { name: "weak", scopes: [], text: new Secret("secret") })).rejects.toMatchObject({
    code: "invalid-field",
  });
});

/** The context of a key, as the admin server makes it. */
async function contextOfKey(fixture: TenantFixture, key: Secret): Promise<ActionContext> {
  const identity = await authenticateApiKey(base.db, fixture.keyring, key.reveal());
  if (identity === undefined) throw new Error("this key signs nobody in");
  const { keyId, tenantId, scopes, eventTypes, partnerIds } = identity;
  const who = { tenantId, actor: { kind: "key" as const, id: keyId }, scopes, eventTypes };
  return { ...fixture.ctx, ...who, ...(partnerIds === undefined ? {} : { partnerIds }) };
}

test("nobody gives a key scopes or event types that they do not hold", async () => {
  const fixture = await createTenantFixture(base.db);
  const scopes: Scope[] = ["keys:write", "events:write"];
  const maker = await contextOfKey(fixture, (await createApiKey(fixture.ctx, { name: "maker", scopes, eventTypes: ["mine"] })).key);
  const before = await auditCount(base.db, fixture.tenantId);
  const forbidden = { code: "forbidden" };
  await expect(createApiKey(maker, { name: "x", scopes: ["operator"] })).rejects.toMatchObject(forbidden);
  await expect(createApiKey(maker, { name: "x", scopes: ["tokens:write"] })).rejects.toMatchObject(forbidden);
  await expect(createApiKey(maker, { name: "x", scopes: ["events:write"], eventTypes: ["theirs"] })).rejects.toMatchObject(forbidden);
  await expect(createApiKey(contextWith(fixture, ["events:write"]), { name: "x", scopes: [] })).rejects.toMatchObject(forbidden);
  expect(await auditCount(base.db, fixture.tenantId)).toBe(before);
  await createApiKey(maker, { name: "x", scopes: ["events:write"], eventTypes: ["mine"] });
});

test("a key makes none that outlives it, even where no end is asked for", async () => {
  const fixture = await createTenantFixture(base.db);
  const end = new Date(Date.now() + 3_600_000);
  const maker = await contextOfKey(fixture, (await createApiKey(fixture.ctx, { name: "m", scopes: ["keys:write"], expiresAt: end })).key);
  const later = createApiKey(maker, { name: "x", scopes: ["keys:write"], expiresAt: new Date(end.getTime() + 1) });
  await expect(later).rejects.toMatchObject({ code: "invalid-field", pointer: "/body/expires_at" });
  expect(await createApiKey(maker, { name: "x", scopes: ["keys:write"] })).toMatchObject({ expires_at: end });
  const soon = new Date(end.getTime() - 1);
  expect(await createApiKey(maker, { name: "x", scopes: ["keys:write"], expiresAt: soon })).toMatchObject({ expires_at: soon });
});

test("a key of a person, and a key that it made, hold what the person holds now, and nothing once they are disabled", async () => {
  const fixture = await createTenantFixture(base.db);
  await createTestUser(fixture.ctx, ["administrador"]);
  const ana = await createTestUser(fixture.ctx, ["administrador"]);
  const scopes: Scope[] = ["keys:write", "keys:read", "partners:read", "partners:write"];
  const first = await createApiKey(ana.ctx, { name: "hers", scopes });
  const second = await createApiKey(await contextOfKey(fixture, first.key), { name: "its", scopes });
  const held = () => Promise.all([first, second].map(async ({ key }) => (await contextOfKey(fixture, key)).scopes));
  expect(await held()).toEqual([scopes, scopes]);
  await changeUserRoles(fixture.ctx, { user_id: ana.userId, roles: ["auditor"] });
  expect(await held()).toEqual([
    ["keys:read", "partners:read"],
    ["keys:read", "partners:read"],
  ]);
  const partner_ids = [fixture.partner.partner_id];
  await changeUserRoles(fixture.ctx, { user_id: ana.userId, roles: ["integrador"], partner_ids });
  expect((await contextOfKey(fixture, second.key)).partnerIds, "of the whole tenant before").toEqual(partner_ids);
  await disableUser(fixture.ctx, { user_id: ana.userId, reason: "left" });
  for (const { key } of [first, second]) expect(await authenticateApiKey(base.db, fixture.keyring, key.reveal())).toBeUndefined();
  await enableUser(fixture.ctx, { user_id: ana.userId });
  expect(await authenticateApiKey(base.db, fixture.keyring, second.key.reveal())).toBeDefined();
});

test("a partner's key sees no partner that its person has lost", async () => {
  const fixture = await createTenantFixture(base.db);
  const other = await createPartner(fixture.ctx, { name: "Outro" });
  const both = [fixture.partner.partner_id, other.partner_id];
  const ivo = await createTestUser(fixture.ctx, ["integrador"], both);
  const made = await createApiKey(ivo.ctx, { name: "x", scopes: ["tokens:read"] });
  expect((await contextOfKey(fixture, made.key)).partnerIds).toEqual(both);
  await changeUserRoles(fixture.ctx, { user_id: ivo.userId, roles: ["integrador"], partner_ids: [other.partner_id] });
  expect((await contextOfKey(fixture, made.key)).partnerIds).toEqual([other.partner_id]);
});

test("a key ends itself and what it made, no other; a person ends any", async () => {
  const fixture = await createTenantFixture(base.db);
  const ana = await createTestUser(fixture.ctx, ["administrador"]);
  const maker = await createApiKey(fixture.ctx, { name: "maker", scopes: ["keys:write"] });
  const other = await createApiKey(fixture.ctx, { name: "other", scopes: ["keys:write"] });
  const ctx = await contextOfKey(fixture, maker.key);
  const child = await createApiKey(ctx, { name: "child", scopes: ["keys:write"] });
  const end = (by: ActionContext, key_id: string) => endApiKey(by, { key_id, reason: "x" });
  for (const id of [other.key_id, fixture.apiKeyId]) await expect(end(ctx, id)).rejects.toMatchObject({ code: "forbidden" });
  await expect(end(await contextOfKey(fixture, child.key), maker.key_id)).rejects.toMatchObject({ code: "forbidden" });
  expect(await end(ctx, child.key_id)).toMatchObject({ state: "ended", created_by: maker.key_id });
  expect(await end(ctx, maker.key_id)).toMatchObject({ state: "ended" });
  expect(await end(ana.ctx, other.key_id)).toMatchObject({ state: "ended" });
});
