import { afterAll, beforeAll, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../../../test/helpers/database.ts";
import { auditCount, auditOf, contextWith, createTenantFixture, type TenantFixture } from "../../../test/helpers/tenant.ts";
import type { AccessChange, NewAccess } from "../../contract/access.ts";
import { tenantTx } from "../../db/tx.ts";
import type { ActionContext } from "../context.ts";
import { createClientApplication } from "../client/create.ts";
import { setClientState } from "../client/set-state.ts";
import { createLicense } from "../license/create.ts";
import { createPartner } from "../partner/create.ts";
import { etagOf } from "../row-version.ts";
import { createAccess } from "./create.ts";
import { checkAccessesOf } from "./check-accesses-of.ts";
import { getAccess } from "./get.ts";
import { setAccessState } from "./set-state.ts";
import { updateAccess } from "./update.ts";

let base: TestDatabase;
let fixture: TenantFixture;
beforeAll(async () => {
  base = await createTestDatabase();
  fixture = await createTenantFixture(base.db, { cidrs: ["203.0.113.0/24"] });
});
afterAll(() => base[Symbol.asyncDispose]());

function update(change: AccessChange, ctx: ActionContext = fixture.ctx, of: TenantFixture = fixture) {
  return updateAccess(ctx, { access_id: of.access.access_id, ...change });
}

function partnerUser(of: TenantFixture, partnerIds = [of.partner.partner_id]): ActionContext {
  return contextWith(of, ["accesses:write"], { actor: { kind: "user", id: "usr_partner" }, partnerIds });
}

test("what is named is replaced, the rest stays, and one entry tells which fields changed", async () => {
  const { access, revocation_id } = await update({ cidrs: ["198.51.100.7"], expires_at: "2100-01-01T00:00:00Z" });
  expect(access).toMatchObject({ cidrs: ["198.51.100.7/32"], expires_at: "2100-01-01T00:00:00.000Z", origins: [], state: "active" });
  expect(revocation_id).toMatch(/^rev_/);
  expect((await auditOf(base.db, fixture.tenantId, access.access_id)).at(-1)).toMatchObject({
    action: "access.update",
    detail: { changed: ["cidrs", "expires_at"] },
  });
  const count = await auditCount(base.db, fixture.tenantId);
  expect((await update({ cidrs: ["198.51.100.7"] })).access).toEqual(access);
  expect(await auditCount(base.db, fixture.tenantId)).toBe(count);
});

test("what an access must be when it is made, it must be after a change", async () => {
  await expect(update({ cidrs: [] })).rejects.toMatchObject({ pointer: "/body/cidrs" });
  await expect(update({ origins: ["https://a.example"] })).rejects.toMatchObject({ pointer: "/body/origins" });
  await expect(update({ expires_at: "2001-01-01T00:00:00Z" })).rejects.toMatchObject({ pointer: "/body/expires_at" });
  await expect(update({ certificate_sha256: "AB" })).rejects.toMatchObject({ pointer: "/body/certificate_sha256" });
  await expect(update({ signature_key: "AB" })).rejects.toMatchObject({ pointer: "/body/signature_key" });
});

test("a certificate or a signature key is enough as the only second factor", async () => {
  const factors = { certificate_sha256: "ab".repeat(32), signature_key: Buffer.alloc(32, 7).toString("base64url") };
  expect((await update(factors)).access).toMatchObject(factors);
  const { cidrs } = (await update({ certificate_sha256: null })).access;
  expect((await update({ cidrs: [] })).access).toMatchObject({ cidrs: [], certificate_sha256: null, signature_key: factors.signature_key });
  await expect(update({ signature_key: null })).rejects.toMatchObject({ pointer: "/body/cidrs" });
  expect((await update({ cidrs, signature_key: null })).access).toMatchObject({ certificate_sha256: null, signature_key: null });
});

test("a change made on what is no longer there is refused", async () => {
  const before = await getAccess(fixture.ctx, { access_id: fixture.access.access_id });
  const ifMatch = etagOf("GET /v1/accesses/{access_id}", before);
  await update({ expires_at: "2101-01-01T00:00:00Z" }, { ...fixture.ctx, ifMatch });
  await expect(update({ expires_at: null }, { ...fixture.ctx, ifMatch })).rejects.toMatchObject({ code: "precondition-failed" });
});

test("of concurrent changes on one state exactly one is made", async () => {
  const before = await getAccess(fixture.ctx, { access_id: fixture.access.access_id });
  const ctx = { ...fixture.ctx, ifMatch: etagOf("GET /v1/accesses/{access_id}", before) };
  const years = [2110, 2111, 2112, 2113];
  const results = await Promise.allSettled(years.map((year) => update({ expires_at: `${year}-01-01T00:00:00Z` }, ctx)));
  expect(results.filter((result) => result.status === "fulfilled")).toHaveLength(1);
});

test("a partner's own user narrows and never widens", async () => {
  const own = await createTenantFixture(base.db, { cidrs: ["203.0.113.0/24"] });
  const user = partnerUser(own);
  const by = (change: AccessChange) => update(change, user, own);
  expect((await by({ cidrs: ["203.0.113.8/29"], expires_at: "2090-01-01T00:00:00Z" })).access.cidrs).toEqual(["203.0.113.8/29"]);
  for (const cidrs of [["203.0.113.0/24"], ["203.0.113.8/29", "198.51.100.0/24"], []])
    await expect(by({ cidrs })).rejects.toMatchObject({ pointer: "/body/cidrs" });
  await expect(by({ expires_at: null })).rejects.toMatchObject({ pointer: "/body/expires_at" });
  await expect(by({ expires_at: "2091-01-01T00:00:00Z" })).rejects.toMatchObject({ pointer: "/body/expires_at" });
  expect((await by({ expires_at: "2089-01-01T00:00:00Z" })).access.expires_at).toBe("2089-01-01T00:00:00.000Z");
  const other = await createPartner(own.ctx, { name: "other" });
  await expect(update({ expires_at: null }, partnerUser(own, [other.partner_id]), own)).rejects.toMatchObject({ code: "not-found" });
});

/** A fixture whose partner's own user makes accesses to its license, each of a new client. */
async function ownMaker(cidrs: string[]) {
  const own = await createTenantFixture(base.db, { cidrs });
  const user: ActionContext = { ...partnerUser(own), scopes: ["accesses:write", "clients:write"] };
  const make = async (more: Partial<NewAccess>, ctx = user) => {
    const client = await createClientApplication(ctx, { partner_id: own.partner.partner_id, name: "x" });
    const { license_id } = own.license;
    return createAccess(ctx, { client_id: client.client_id, license_id, kind: "confidential", mode: "live", ...more });
  };
  return { own, user, make };
}

test("a partner's own user makes an access within what the license's accesses were given, and with no later end", async () => {
  const { own, make } = await ownMaker(["203.0.113.0/24"]);
  expect(await make({ cidrs: ["203.0.113.8/29"] })).toMatchObject({ cidrs: ["203.0.113.8/29"] });
  for (const cidrs of [["198.51.100.0/24"], ["203.0.112.0/23"], []])
    await expect(make({ cidrs })).rejects.toMatchObject({ code: "invalid-field", pointer: "/body/cidrs" });
  await make({ cidrs: ["198.51.100.0/24"], mode: "test" });
  await tenantTx(base.db, own.tenantId, (tx) =>
    tx.updateTable("access").set({ expires_at: "2090-01-01T00:00:00Z" }).where("tenant_id", "=", own.tenantId).execute(),
  );
  for (const later of [{}, { expires_at: "2090-01-01T00:00:01Z" }])
    await expect(make({ cidrs: ["203.0.113.8/29"], ...later })).rejects.toMatchObject({ pointer: "/body/expires_at" });
  await make({ cidrs: ["203.0.113.8/29"], expires_at: "2089-01-01T00:00:00Z" });
  await make({ cidrs: ["198.51.100.0/24"] }, own.ctx);
  await make({ cidrs: ["198.51.100.1"], expires_at: "2089-01-01T00:00:00Z" });
});

test.each(["disabled", "revoked"] as const)("what the utility %s, its partner does not replace by another access", async (to) => {
  const { own, user, make } = await ownMaker(["203.0.113.0/24"]);
  const { access_id, client_id } = own.access;
  await setAccessState(user, { access_id, to: "disabled", reason: "x" });
  await make({ cidrs: ["203.0.113.8/29"] });
  await setAccessState(own.ctx, { access_id, to, reason: "x" });
  await expect(make({ cidrs: ["203.0.113.8/29"] })).rejects.toMatchObject({ code: "conflict" });
  await expect(make({ cidrs: [], mode: "test" })).rejects.toMatchObject({ code: "conflict" });
  await make({ cidrs: ["203.0.113.8/29"] }, own.ctx);
  if (to === "revoked") return;
  await setAccessState(own.ctx, { access_id, to: "active", reason: "x" });
  await make({ cidrs: ["203.0.113.8/29"] });
  await setClientState(own.ctx, { client_id, to: "disabled", reason: "x" });
  await expect(make({ cidrs: ["203.0.113.8/29"] })).rejects.toMatchObject({ code: "conflict" });
});

test("another tenant's access is not found, a key without the scope changes nothing, a revoked access stays", async () => {
  const other = await createTenantFixture(base.db);
  await expect(update({ expires_at: null }, other.ctx)).rejects.toMatchObject({ code: "not-found" });
  const count = await auditCount(base.db, fixture.tenantId);
  await expect(update({ expires_at: null }, contextWith(fixture, ["accesses:read"]))).rejects.toMatchObject({ code: "forbidden" });
  expect(await auditCount(base.db, fixture.tenantId)).toBe(count);
  await setAccessState(other.ctx, { access_id: other.access.access_id, to: "revoked", reason: "test" });
  await expect(update({ expires_at: null }, other.ctx, other)).rejects.toMatchObject({ code: "conflict" });
});

test("the accesses that a changed license would break are listed, by what they break", async () => {
  const own = await createTenantFixture(base.db, { license: { operations: [{ operation_id: "getHealth", projection: {} }] }, cidrs: [] });
  const { license_id } = own.license;
  const broken = (operations?: Parameters<typeof checkAccessesOf>[3]) =>
    tenantTx(base.db, own.tenantId, (tx) => checkAccessesOf(tx, own.tenantId, license_id, operations));
  expect(await broken()).toEqual([]);
  const personal = [{ operation_id: "getProperty", projection: { identity: "masked" } }];
  expect(await broken(personal)).toMatchObject([{ access_id: own.access.access_id, field: "cidrs" }]);
  await setAccessState(own.ctx, { access_id: own.access.access_id, to: "revoked", reason: "test" });
  expect(await broken(personal)).toEqual([]);
});

test("an access, made or changed, has what its license binds it to, by the rule of publication; a test access needs none of it", async () => {
  const certificate_sha256 = "cd".repeat(32);
  const own = await createTenantFixture(base.db);
  const license = await createLicense(own.ctx, {
    partner_id: own.partner.partner_id,
    name: "bound",
    purpose: "x",
    legal_basis: "art. 7 V",
    ends_at: "2100-01-01T00:00:00Z",
    rate_per_second: 1,
    burst: 1,
    operations: [{ operation_id: "getHealth", projection: {} }],
    bindings: { origins: [], cidrs: ["203.0.113.0/24"], certificates: [certificate_sha256] },
  });
  const makeAccess = async (more: Pick<NewAccess, "mode" | "cidrs" | "certificate_sha256">) => {
    const client = await createClientApplication(own.ctx, { partner_id: own.partner.partner_id, name: "x" });
    return createAccess(own.ctx, { client_id: client.client_id, license_id: license.license_id, kind: "confidential", ...more });
  };
  const cidrs = ["203.0.113.0/28"];
  await expect(makeAccess({ mode: "live", cidrs })).rejects.toMatchObject({ pointer: "/body/certificate_sha256" });
  await expect(makeAccess({ mode: "live", certificate_sha256 })).rejects.toMatchObject({ pointer: "/body/cidrs" });
  const { access_id } = await makeAccess({ mode: "live", cidrs, certificate_sha256 });
  const by = (change: AccessChange) => updateAccess(own.ctx, { access_id, ...change });
  for (const other of [null, "ab".repeat(32)])
    await expect(by({ certificate_sha256: other })).rejects.toMatchObject({ pointer: "/body/certificate_sha256" });
  for (const outside of [[], ["198.51.100.0/24"]]) await expect(by({ cidrs: outside })).rejects.toMatchObject({ pointer: "/body/cidrs" });
  expect((await by({ cidrs: ["203.0.113.0/29"] })).access).toMatchObject({ cidrs: ["203.0.113.0/29"], certificate_sha256 });
  const sandbox = await makeAccess({ mode: "test" });
  const narrowed = await updateAccess(partnerUser(own), { access_id: sandbox.access_id, cidrs: ["198.51.100.0/24"] });
  expect(narrowed.access.cidrs).toEqual(["198.51.100.0/24"]);
});
