import { createHash, randomBytes } from "node:crypto";
import { sql } from "kysely";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../../../test/helpers/database.ts";
import { auditCount, auditOf, contextWith, createTenantFixture, testKeyring, type TenantFixture } from "../../../test/helpers/tenant.ts";
import { platformTx } from "../../db/tx.ts";
import { tokenDigest } from "../../platform/token-digest.ts";
import { updateAccess } from "../access/update.ts";
import { getToken } from "./get.ts";
import { listTokens } from "./list.ts";
import { registerToken } from "./register.ts";
import { revokeToken } from "./revoke.ts";
import { updateToken } from "./update.ts";

const keyring = testKeyring();
let base: TestDatabase;
beforeAll(async () => {
  base = await createTestDatabase();
});
afterAll(() => base[Symbol.asyncDispose]());

const newValue = () => `own_${randomBytes(32).toString("base64url")}`;
const hashOf = (value: string) => createHash("sha256").update(value).digest("hex");

/** A tenant whose access has no live token. */
async function empty(more: Parameters<typeof createTenantFixture>[1] = {}): Promise<TenantFixture> {
  const fixture = await createTenantFixture(base.db, { keyring, ...more });
  await revokeToken(fixture.ctx, { token_id: fixture.tokenId, reason: "test" });
  return fixture;
}

function register(fixture: TenantFixture, sha256: string, more: { overlap?: string } = {}) {
  return registerToken(fixture.ctx, { access_id: fixture.access.access_id, sha256, ...more });
}

const refusal = { code: "invalid-field", pointer: "/body/sha256", message: expect.stringContaining("SHA-256") };

test("a registered hash is stored as its digest, shown as the client's own, and audited without the hash", async () => {
  const fixture = await empty();
  const value = newValue();
  const made = await register(fixture, hashOf(value));
  expect(made).toMatchObject({ access_id: fixture.access.access_id, mode: "live", retiring_until: null });
  const { rows } = await platformTx(base.db, (tx) =>
    sql<{ digest: Buffer }>`SELECT digest FROM token WHERE token_id = ${made.token_id}`.execute(tx),
  );
  expect(rows[0]?.digest).toEqual(tokenDigest(keyring.pepper.key, value));
  expect(await getToken(fixture.ctx, { token_id: made.token_id })).toMatchObject({
    own: true,
    state: "live",
    hint: hashOf(value).slice(-4),
    last_use: null,
  });
  const audit = await auditOf(base.db, fixture.tenantId, made.token_id);
  expect(audit.map((entry) => entry.action)).toEqual(["token.register"]);
  expect(JSON.stringify(audit)).not.toContain(hashOf(value).slice(0, 20));
});

test("a hash in use anywhere, ever, is refused in the words of a malformed one", async () => {
  const [one, two] = [await empty(), await empty()];
  const value = newValue();
  const { token_id } = await register(one, hashOf(value));
  await expect(register(two, hashOf(value))).rejects.toMatchObject(refusal);
  await revokeToken(one.ctx, { token_id, reason: "test" });
  await expect(register(two, hashOf(value))).rejects.toMatchObject(refusal);
  await expect(register(two, hashOf(one.token))).rejects.toMatchObject(refusal);
  await expect(register(two, hashOf(two.apiKey))).rejects.toMatchObject(refusal);
  await expect(register(two, "not a hash")).rejects.toMatchObject(refusal);
  const audit = await auditOf(base.db, two.tenantId, two.access.access_id);
  expect(audit.filter((entry) => entry.action === "token.register_refused")).toHaveLength(5);
});

test("a digest under the previous pepper is in use too", async () => {
  const old = await empty();
  const value = newValue();
  await register(old, hashOf(value));
  const rotated = { ...keyring, pepper: { kid: "pepper2", key: randomBytes(32), previous: keyring.pepper } };
  const next = await empty();
  await expect(
    registerToken({ ...next.ctx, keyring: rotated }, { access_id: next.access.access_id, sha256: hashOf(value) }),
  ).rejects.toMatchObject(refusal);
});

test("an access has five tries an hour, whatever comes of them, and they are kept", async () => {
  const fixture = await empty();
  for (let i = 0; i < 4; i += 1) await expect(register(fixture, "x")).rejects.toMatchObject(refusal);
  const { token_id } = await register(fixture, hashOf(newValue()));
  await revokeToken(fixture.ctx, { token_id, reason: "test" });
  const count = await auditCount(base.db, fixture.tenantId);
  await expect(register(fixture, hashOf(newValue()))).rejects.toMatchObject({ code: "too-many-tries" });
  await expect(register(fixture, "x")).rejects.toMatchObject({ code: "too-many-tries" });
  expect(await auditCount(base.db, fixture.tenantId)).toBe(count);
  const later = { ...fixture.ctx, clock: { now: () => new Date(Date.now() + 3_600_001), monotonicMs: () => 0 } };
  await registerToken(later, { access_id: fixture.access.access_id, sha256: hashOf(newValue()) });
});

test("concurrent tries are counted one by one", async () => {
  const fixture = await empty();
  const results = await Promise.allSettled(Array.from({ length: 9 }, () => register(fixture, "x")));
  const codes = results.map((result) => (result.status === "rejected" ? Reflect.get(Object(result.reason), "code") : "made"));
  expect(codes.filter((code) => code === "invalid-field")).toHaveLength(5);
  expect(codes.filter((code) => code === "too-many-tries")).toHaveLength(4);
});

test("with an overlap it replaces the live token, without one a live token is a conflict", async () => {
  const fixture = await createTenantFixture(base.db, { keyring });
  await expect(register(fixture, hashOf(newValue()))).rejects.toMatchObject({ code: "conflict" });
  const made = await register(fixture, hashOf(newValue()), { overlap: "15m" });
  expect(await getToken(fixture.ctx, { token_id: fixture.tokenId })).toMatchObject({
    state: "retiring",
    retiring_until: made.retiring_until,
  });
  // a refused hash replaces nothing
  await expect(register(fixture, "x", { overlap: "0" })).rejects.toMatchObject(refusal);
  expect(await getToken(fixture.ctx, { token_id: made.token_id })).toMatchObject({ state: "live" });
  const none = await empty();
  await expect(register(none, hashOf(newValue()), { overlap: "0" })).rejects.toMatchObject({ code: "conflict" });
});

test("only a confidential access that is bound to networks takes one, and it stays bound", async () => {
  const plain = { license: { operations: [{ operation_id: "getHealth", projection: {} }] } };
  const unbound = await empty({ ...plain, cidrs: [] });
  await expect(register(unbound, hashOf(newValue()))).rejects.toMatchObject({
    code: "conflict",
    message: expect.stringContaining("networks"),
  });
  const bound = await empty({ ...plain, cidrs: ["127.0.0.1/32"] });
  await register(bound, hashOf(newValue()));
  await expect(updateAccess(bound.ctx, { access_id: bound.access.access_id, cidrs: [] })).rejects.toMatchObject({ pointer: "/body/cidrs" });
});

test("the partner's own user registers, another partner's finds no access, and no scope no token", async () => {
  const fixture = await empty();
  const user = (partnerIds: string[]) => contextWith(fixture, ["tokens:write"], { actor: { kind: "user", id: "usr_p" }, partnerIds });
  const input = { access_id: fixture.access.access_id, sha256: hashOf(newValue()) };
  await expect(registerToken(user(["par_other"]), input)).rejects.toMatchObject({ code: "not-found" });
  await expect(registerToken(contextWith(fixture, ["tokens:read"]), input)).rejects.toMatchObject({ code: "forbidden" });
  const other = await empty();
  await expect(registerToken(other.ctx, input)).rejects.toMatchObject({ code: "not-found" });
  await registerToken(user([fixture.partner.partner_id]), input);
});

test("the end of a token is moved and audited; an earlier one is a revocation; an ended token stays", async () => {
  const { ctx, tokenId, tenantId } = await createTenantFixture(base.db, { keyring });
  const move = (expires_at: string | null) => updateToken(ctx, { token_id: tokenId, expires_at });
  expect(await move("2099-01-01T00:00:00Z")).toMatchObject({ expires_at: "2099-01-01T00:00:00.000Z", revocation_id: expect.any(String) });
  expect((await move(null)).revocation_id).toBeUndefined();
  const count = await auditCount(base.db, tenantId);
  await move(null);
  expect(await auditCount(base.db, tenantId)).toBe(count);
  expect((await auditOf(base.db, tenantId, tokenId)).map((entry) => entry.action)).toEqual([
    "token.create",
    "token.update",
    "token.update",
  ]);
  await expect(move("2001-01-01T00:00:00Z")).rejects.toMatchObject({ pointer: "/body/expires_at" });
  await revokeToken(ctx, { token_id: tokenId, reason: "test" });
  await expect(move(null)).rejects.toMatchObject({ code: "conflict" });
});

test("lists are narrowed by license, client and state", async () => {
  const fixture = await createTenantFixture(base.db, { keyring });
  const ids = async (query: Parameters<typeof listTokens>[1]) => (await listTokens(fixture.ctx, query)).items.map((one) => one.token_id);
  expect(await ids({ license_id: fixture.license.license_id, client_id: fixture.client.client_id, state: "live" })).toEqual([
    fixture.tokenId,
  ]);
  expect(await ids({ license_id: "lic_other" })).toEqual([]);
  expect(await ids({ client_id: "cli_other" })).toEqual([]);
  expect(await ids({ state: "ended" })).toEqual([]);
});
