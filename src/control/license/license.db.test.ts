import { afterAll, beforeAll, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../../../test/helpers/database.ts";
import { auditCount, auditOf, contextWith, createTenantFixture, type TenantFixture } from "../../../test/helpers/tenant.ts";
import type { NewLicense } from "../../contract/license.ts";
import { createLicense } from "./create.ts";
import { getLicense } from "./get.ts";
import { listLicenses } from "./list.ts";

let base: TestDatabase;
let fixture: TenantFixture;
beforeAll(async () => {
  base = await createTestDatabase();
  fixture = await createTenantFixture(base.db);
});
afterAll(() => base[Symbol.asyncDispose]());

function input(more: Partial<NewLicense> = {}): NewLicense {
  return {
    partner_id: fixture.partner.partner_id,
    name: "cobrança",
    purpose: "cobrança de débitos",
    legal_basis: "art. 7 V",
    ends_at: "2100-01-01T00:00:00-03:00",
    rate_per_second: 2.5,
    burst: 10,
    operations: [
      { operation_id: "listPayments", projection: { financial: "full" } },
      { operation_id: "getProperty", projection: {} },
    ],
    events: [{ event_type: "client-transaction", variant: "thin" }],
    ...more,
  };
}

test("a license is active at once, with its grants, shown, listed and audited", async () => {
  const license = await createLicense(fixture.ctx, input());
  expect(license).toMatchObject({
    state: "active",
    version: 1,
    rate_per_second: 2.5,
    ends_at: "2100-01-01T03:00:00.000Z",
    operations: [
      { operation_id: "getProperty", projection: {} },
      { operation_id: "listPayments", projection: { financial: "full" } },
    ],
    events: [{ event_type: "client-transaction", variant: "thin" }],
  });
  expect(await getLicense(fixture.ctx, { license_id: license.license_id })).toEqual(license);
  expect((await listLicenses(fixture.ctx, { limit: 1 })).items).toEqual([license]);
  expect(await auditOf(base.db, fixture.tenantId, license.license_id)).toMatchObject([{ action: "license.create" }]);
});

test.each([
  ["an unknown operation", { operations: [{ operation_id: "nope", projection: {} }] }, "/body/operations/0/operation_id"],
  ["an unknown partner", { partner_id: "par_nope" }, "/body/partner_id"],
  ["a term that is over", { ends_at: "2020-01-01T00:00:00Z" }, "/body/ends_at"],
  ["a term that ends before it starts", { starts_at: "2100-01-02T00:00:00Z" }, "/body/ends_at"],
  ["a leap second", { starts_at: "2016-12-31T23:59:60Z" }, "/body/starts_at"],
  [
    "a class nobody may see",
    { operations: [{ operation_id: "getProperty", projection: { sensitive: "full" } }] },
    "/body/operations/0/projection/sensitive",
  ],
] as const)("%s is refused and leaves nothing", async (_, more, pointer) => {
  const before = await auditCount(base.db, fixture.tenantId);
  const { items } = await listLicenses(fixture.ctx, { limit: 200 });
  await expect(createLicense(fixture.ctx, input({ ...more } as unknown as Partial<NewLicense>))).rejects.toMatchObject({
    code: "invalid-field",
    pointer,
  });
  expect(await auditCount(base.db, fixture.tenantId)).toBe(before);
  expect((await listLicenses(fixture.ctx, { limit: 200 })).items).toEqual(items);
});

test("partner and operations of another tenant do not exist", async () => {
  const other = await createTenantFixture(base.db);
  await expect(createLicense(other.ctx, input())).rejects.toMatchObject({ pointer: "/body/partner_id" });
  await expect(getLicense(other.ctx, { license_id: fixture.license.license_id })).rejects.toMatchObject({ code: "not-found" });
});

test("a key without licenses:write changes nothing", async () => {
  const before = await auditCount(base.db, fixture.tenantId);
  await expect(createLicense(contextWith(fixture, ["licenses:read"]), input())).rejects.toMatchObject({ code: "forbidden" });
  expect(await auditCount(base.db, fixture.tenantId)).toBe(before);
});
