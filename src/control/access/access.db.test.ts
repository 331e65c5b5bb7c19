import { afterAll, beforeAll, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../../../test/helpers/database.ts";
import { auditCount, auditOf, contextWith, createTenantFixture, type TenantFixture } from "../../../test/helpers/tenant.ts";
import type { NewAccess } from "../../contract/access.ts";
import { createClientApplication } from "../client/create.ts";
import { createLicense } from "../license/create.ts";
import { createPartner } from "../partner/create.ts";
import { createAccess } from "./create.ts";
import { getAccess } from "./get.ts";
import { listAccesses } from "./list.ts";

let base: TestDatabase;
let fixture: TenantFixture;
beforeAll(async () => {
  base = await createTestDatabase();
  fixture = await createTenantFixture(base.db);
});
afterAll(() => base[Symbol.asyncDispose]());

function newClient() {
  return createClientApplication(fixture.ctx, { partner_id: fixture.partner.partner_id, name: "another" });
}

function confidential(clientId: string): NewAccess {
  const { license_id } = fixture.license;
  return { client_id: clientId, license_id, kind: "confidential", mode: "live", cidrs: ["203.0.113.0/24", "2001:db8::1"] };
}

test("an access is stored as asked, shown, listed and audited", async () => {
  const { client_id } = await newClient();
  const access = await createAccess(fixture.ctx, confidential(client_id));
  expect(access).toMatchObject({ state: "active", cidrs: ["203.0.113.0/24", "2001:db8::1/128"], origins: [], expires_at: null });
  expect(await getAccess(fixture.ctx, { access_id: access.access_id })).toEqual(access);
  expect((await listAccesses(fixture.ctx, { client_id })).items).toEqual([access]);
  expect(await auditOf(base.db, fixture.tenantId, access.access_id)).toMatchObject([{ action: "access.create" }]);
});

test("a client has one access to a license: of concurrent creates one wins", async () => {
  const { client_id } = await newClient();
  const results = await Promise.allSettled(Array.from({ length: 5 }, () => createAccess(fixture.ctx, confidential(client_id))));
  expect(results.filter((result) => result.status === "fulfilled")).toHaveLength(1);
  for (const refused of results.filter((result) => result.status === "rejected"))
    expect(refused.reason).toMatchObject({ code: "conflict" });
});

test("a live publishable access to operations that are not publishable is refused; to publishable ones it is made", async () => {
  const { client_id } = await newClient();
  const publishable = { client_id, kind: "publishable" as const, mode: "live" as const, origins: ["https://app.example.com"] };
  await expect(createAccess(fixture.ctx, { ...publishable, license_id: fixture.license.license_id })).rejects.toMatchObject({
    code: "invalid-field",
    pointer: "/body/kind",
  });
  const license = await createLicense(fixture.ctx, {
    partner_id: fixture.partner.partner_id,
    name: "public",
    purpose: "site",
    legal_basis: "art. 7 V",
    ends_at: fixture.license.ends_at,
    rate_per_second: 1,
    burst: 1,
    operations: [{ operation_id: "getHealth", projection: {} }],
  });
  const access = await createAccess(fixture.ctx, { ...publishable, license_id: license.license_id });
  expect(access.origins).toEqual(["https://app.example.com"]);
});

test("a client of another partner is refused", async () => {
  const other = await createPartner(fixture.ctx, { name: "other" });
  const client = await createClientApplication(fixture.ctx, { partner_id: other.partner_id, name: "x" });
  await expect(createAccess(fixture.ctx, confidential(client.client_id))).rejects.toMatchObject({
    code: "invalid-field",
    pointer: "/body/client_id",
  });
});

test("client and license of another tenant do not exist, nor is its access found", async () => {
  const other = await createTenantFixture(base.db);
  const input = confidential(other.client.client_id);
  await expect(createAccess(fixture.ctx, input)).rejects.toMatchObject({ pointer: "/body/client_id" });
  await expect(createAccess(fixture.ctx, { ...input, license_id: other.license.license_id })).rejects.toMatchObject({
    pointer: "/body/license_id",
  });
  await expect(getAccess(fixture.ctx, { access_id: other.access.access_id })).rejects.toMatchObject({ code: "not-found" });
});

test("a key without accesses:write changes nothing", async () => {
  const { client_id } = await newClient();
  const before = await auditCount(base.db, fixture.tenantId);
  const reader = contextWith(fixture, ["accesses:read"]);
  await expect(createAccess(reader, confidential(client_id))).rejects.toMatchObject({ code: "forbidden" });
  expect(await auditCount(base.db, fixture.tenantId)).toBe(before);
});
