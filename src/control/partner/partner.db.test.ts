import { afterAll, beforeAll, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../../../test/helpers/database.ts";
import { auditCount, auditOf, contextWith, createTenantFixture } from "../../../test/helpers/tenant.ts";
import { createClientApplication } from "../client/create.ts";
import { listClients } from "../client/list.ts";
import { createTenant } from "../tenant/create.ts";
import { createPartner } from "./create.ts";
import { getPartner } from "./get.ts";
import { listPartners } from "./list.ts";

let base: TestDatabase;
beforeAll(async () => {
  base = await createTestDatabase();
});
afterAll(() => base[Symbol.asyncDispose]());

test("pages of a list hold every partner once, newest first", async () => {
  const { ctx, partner } = await createTenantFixture(base.db);
  const made = [partner.partner_id];
  for (let i = 0; i < 6; i += 1) made.push((await createPartner(ctx, { name: `partner ${i}` })).partner_id);
  const seen: string[] = [];
  let cursor: string | null = null;
  do {
    const page: Awaited<ReturnType<typeof listPartners>> = await listPartners(ctx, { limit: 3, ...(cursor === null ? {} : { cursor }) });
    expect(page.items.length).toBeLessThanOrEqual(3);
    seen.push(...page.items.map((item) => item.partner_id));
    cursor = page.next;
  } while (cursor !== null);
  expect(seen).toHaveLength(7);
  expect(seen.toSorted()).toEqual(made.toSorted());
  expect(seen).toEqual(seen.toSorted().toReversed());
});

test("partner and client are audited by the tenant that made them, and by no other", async () => {
  const [one, two] = [await createTenantFixture(base.db), await createTenantFixture(base.db)];
  expect(await auditOf(base.db, one.tenantId, one.partner.partner_id)).toMatchObject([{ action: "partner.create", actor_kind: "system" }]);
  expect(await auditOf(base.db, one.tenantId, one.client.client_id)).toMatchObject([{ action: "client.create" }]);
  expect(await auditOf(base.db, two.tenantId, one.partner.partner_id)).toEqual([]);
});

test("another tenant's partner is neither found nor given clients", async () => {
  const [one, two] = [await createTenantFixture(base.db), await createTenantFixture(base.db)];
  const { partner_id } = two.partner;
  await expect(getPartner(one.ctx, { partner_id })).rejects.toMatchObject({ code: "not-found" });
  await expect(createClientApplication(one.ctx, { partner_id, name: "x" })).rejects.toMatchObject({ code: "invalid-field" });
  expect((await listClients(one.ctx, { partner_id })).items).toEqual([]);
});

test("a tenant is created once and audited in its own log", async () => {
  const { ctx, tenantId } = await createTenantFixture(base.db);
  expect(await auditOf(base.db, tenantId, tenantId)).toMatchObject([{ action: "tenant.create" }]);
  await expect(createTenant(ctx, { name: "again", demo: false })).rejects.toMatchObject({ code: "conflict" });
});

test("keys without the scope change nothing", async () => {
  const fixture = await createTenantFixture(base.db);
  const before = await auditCount(base.db, fixture.tenantId);
  const reader = contextWith(fixture, ["partners:read", "clients:read"]);
  await expect(createPartner(reader, { name: "x" })).rejects.toMatchObject({ code: "forbidden" });
  await expect(createClientApplication(reader, { partner_id: fixture.partner.partner_id, name: "x" })).rejects.toMatchObject({
    code: "forbidden",
  });
  await expect(createTenant(reader, { name: "x", demo: false })).rejects.toMatchObject({ code: "forbidden" });
  expect(await auditCount(base.db, fixture.tenantId)).toBe(before);
});
