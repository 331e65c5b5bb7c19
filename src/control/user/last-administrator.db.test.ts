import { sql } from "kysely";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../../../test/helpers/database.ts";
import { createTestUser } from "../../../test/helpers/people.ts";
import { createTenantFixture, type TenantFixture } from "../../../test/helpers/tenant.ts";
import { tenantTx } from "../../db/tx.ts";
import { createIdentityProvider } from "../identity-provider/create.ts";
import { disableIdentityProvider } from "../identity-provider/switch.ts";
import { changeUserRoles } from "./change-roles.ts";
import { disableUser } from "./disable.ts";
import { ensureSetupLink } from "./ensure-setup-link.ts";
import { resetUser } from "./reset.ts";

let base: TestDatabase;
beforeAll(async () => {
  base = await createTestDatabase();
});
afterAll(() => base[Symbol.asyncDispose]());

const conflict = { code: "conflict" };

/** Takes a person's password away, as if they had come through a provider alone. */
async function withoutPassword(fixture: TenantFixture, userId: string): Promise<void> {
  await tenantTx(base.db, fixture.tenantId, (tx) =>
    sql`UPDATE person SET password = NULL, password_at = NULL WHERE user_id = ${userId}`.execute(tx),
  );
}

async function linkedProvider(fixture: TenantFixture, userId: string): Promise<string> {
  const { provider_id } = await createIdentityProvider(fixture.ctx, {
    name: "SSO",
    issuer: "https://sso.example.com",
    client_id: "x",
    client_secret: "x",
    email_domains: ["example.com"],
  });
  await tenantTx(base.db, fixture.tenantId, (tx) =>
    sql`INSERT INTO person_identity VALUES (${fixture.tenantId}, ${provider_id}, sha256('x'), ${userId}, now())`.execute(tx),
  );
  return provider_id;
}

test("an administrador who cannot sign in does not count: the last one who can is neither disabled, demoted nor reset", async () => {
  const fixture = await createTenantFixture(base.db);
  const ana = await createTestUser(fixture.ctx, ["administrador"]);
  const bia = await createTestUser(fixture.ctx, ["administrador"]);
  await resetUser(ana.ctx, { user_id: bia.userId, reason: "lost her phone" });
  const of = { user_id: ana.userId };
  await expect(disableUser(fixture.ctx, { ...of, reason: "x" })).rejects.toMatchObject(conflict);
  await expect(changeUserRoles(fixture.ctx, { ...of, roles: ["auditor"] })).rejects.toMatchObject(conflict);
  await expect(resetUser(fixture.ctx, { ...of, reason: "x" })).rejects.toMatchObject(conflict);
  await disableUser(fixture.ctx, { user_id: bia.userId, reason: "she never came back" });
  expect(await ensureSetupLink(fixture.ctx, "http://localhost")).toBeUndefined();
});

test("of two administradores who reset each other at once, one keeps their sign-in", async () => {
  const fixture = await createTenantFixture(base.db);
  const ana = await createTestUser(fixture.ctx, ["administrador"]);
  const bia = await createTestUser(fixture.ctx, ["administrador"]);
  const both = await Promise.allSettled([
    resetUser(ana.ctx, { user_id: bia.userId, reason: "x" }),
    resetUser(bia.ctx, { user_id: ana.userId, reason: "x" }),
  ]);
  expect(both.map((one) => one.status).toSorted()).toEqual(["fulfilled", "rejected"]);
});

test("who signs in by a provider counts while it is active, and the provider of the last one is not disabled", async () => {
  const fixture = await createTenantFixture(base.db);
  const ana = await createTestUser(fixture.ctx, ["administrador"]);
  const bia = await createTestUser(fixture.ctx, ["administrador"]);
  await withoutPassword(fixture, bia.userId);
  const provider_id = await linkedProvider(fixture, bia.userId);
  await changeUserRoles(fixture.ctx, { user_id: ana.userId, roles: ["auditor"] });
  await expect(disableIdentityProvider(fixture.ctx, { provider_id })).rejects.toMatchObject(conflict);
  await changeUserRoles(fixture.ctx, { user_id: ana.userId, roles: ["administrador"] });
  expect(await disableIdentityProvider(fixture.ctx, { provider_id })).toMatchObject({ state: "disabled" });
  await expect(changeUserRoles(fixture.ctx, { user_id: ana.userId, roles: ["auditor"] })).rejects.toMatchObject(conflict);
});
