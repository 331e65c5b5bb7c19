import { sql } from "kysely";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../../../test/helpers/database.ts";
import { auditCount, auditOf, contextWith, createTenantFixture, testKeyring } from "../../../test/helpers/tenant.ts";
import { tenantTx } from "../../db/tx.ts";
import { Secret } from "../../platform/secret.ts";
import { authenticateApiKey } from "./authenticate.ts";
import { createApiKey } from "./create.ts";
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

test("nobody gives a key scopes that they do not hold", async () => {
  const fixture = await createTenantFixture(base.db);
  const before = await auditCount(base.db, fixture.tenantId);
  const maker = contextWith(fixture, ["keys:write", "events:write"]);
  await expect(createApiKey(maker, { name: "x", scopes: ["operator"] })).rejects.toMatchObject({ code: "forbidden" });
  await expect(createApiKey(maker, { name: "x", scopes: ["tokens:write"] })).rejects.toMatchObject({ code: "forbidden" });
  await expect(createApiKey(contextWith(fixture, ["events:write"]), { name: "x", scopes: [] })).rejects.toMatchObject({
    code: "forbidden",
  });
  expect(await auditCount(base.db, fixture.tenantId)).toBe(before);
  await createApiKey(maker, { name: "x", scopes: ["events:write"] });
});
