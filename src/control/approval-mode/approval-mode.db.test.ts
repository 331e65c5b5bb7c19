import { afterAll, beforeAll, expect, test } from "vitest";
import { sql } from "kysely";
import { createTestDatabase, type TestDatabase } from "../../../test/helpers/database.ts";
import { auditCount, auditOf, contextWith, createTenantFixture, type TenantFixture } from "../../../test/helpers/tenant.ts";
import { createTestUser } from "../../../test/helpers/people.ts";
import { scopesOf } from "../../contract/roles.ts";
import { tenantTx } from "../../db/tx.ts";
import type { ActionContext } from "../context.ts";
import { approveLicenseVersion } from "../license/approve.ts";
import { createLicense } from "../license/create.ts";
import { getLicenseEffect } from "../license/effect.ts";
import { resumeLicense, suspendLicense } from "../license/hold.ts";
import { publishLicenseVersion } from "../license/publish.ts";
import { getStatus } from "../status/get.ts";
import { changeUserRoles } from "../user/change-roles.ts";
import { disableUser } from "../user/disable.ts";
import { getApprovalMode } from "./get.ts";
import { setApprovalMode } from "./set.ts";

let base: TestDatabase;
beforeAll(async () => {
  base = await createTestDatabase();
});
afterAll(() => base[Symbol.asyncDispose]());

const single = { mode: "single_approver" as const, reason: "a concessionária tem um só usuário" };

async function alone(): Promise<{ fixture: TenantFixture; ana: ActionContext }> {
  const fixture = await createTenantFixture(base.db);
  await addPerson(fixture, "usr_ana", "{administrador}");
  const session = { sessionId: "ses_ana", secondFactorAt: new Date() };
  return { fixture, ana: { ...fixture.ctx, actor: { kind: "user", id: "usr_ana" }, scopes: scopesOf(["administrador"]), session } };
}

async function addPerson(fixture: TenantFixture, userId: string, roles: string): Promise<void> {
  await tenantTx(base.db, fixture.tenantId, (tx) =>
    sql`INSERT INTO person (tenant_id, user_id, email_hash, pepper_id, email_sealed, name_sealed, roles, state, password, password_at, created_at)
      VALUES (${fixture.tenantId}, ${userId}, sha256(${userId}::bytea), 'pepper1', '', '', ${roles}::text[], 'active', 'x', now(), now())`.execute(
      tx,
    ),
  );
}

/** A submitted license that opens personal data, written by this actor, and its effect. */
async function submitted(fixture: TenantFixture, ctx: ActionContext) {
  const { license_id } = await createLicense(ctx, {
    partner_id: fixture.partner.partner_id,
    name: "x",
    purpose: "x",
    legal_basis: "art. 7 V",
    ends_at: "2100-01-01T00:00:00Z",
    rate_per_second: 1,
    burst: 1,
    operations: [{ operation_id: "getProperty", projection: { identity: "masked" } }],
    responsible: { name: "x" },
    encarregado: { name: "x" },
    state: "submitted",
  });
  const { effect } = await getLicenseEffect(ctx, { license_id, version: 1 });
  return { license_id, version: 1, effect };
}

test("a utility with one user chooses single-approver mode: reasoned, dated, audited, shown on status and licenses", async () => {
  const { fixture, ana } = await alone();
  expect(await getApprovalMode(ana)).toEqual({ mode: "two_persons", reason: null, since: null });
  const mode = await setApprovalMode(ana, single);
  expect(mode).toEqual({ ...single, since: expect.stringMatching(/Z$/) });
  expect((await getStatus(ana)).approval_mode).toEqual(mode);
  expect(await auditOf(base.db, fixture.tenantId, fixture.tenantId)).toMatchObject([
    { action: "tenant.create" },
    { action: "tenant.approval_mode", actor_kind: "user", detail: single },
  ]);
  const of = await submitted(fixture, ana);
  expect(await approveLicenseVersion(ana, of)).toMatchObject({ single_approver: true, approval_mode: mode });
  await publishLicenseVersion(ana, of);
  await suspendLicense(ana, { license_id: of.license_id, reason: "x" });
  const resumed = await resumeLicense(ana, { license_id: of.license_id, reason: "x" });
  expect(resumed.license).toMatchObject({ state: "active", approval_mode: mode });
  const audit = await auditOf(base.db, fixture.tenantId, of.license_id);
  expect(audit.filter((entry) => JSON.stringify(entry.detail).includes('"single_approver":true')).map((entry) => entry.action)).toEqual([
    "license.approve",
    "license.resume",
  ]);
});

test("once another person could approve, the author no longer may, and the mode cannot be chosen", async () => {
  const { fixture, ana } = await alone();
  await setApprovalMode(ana, single);
  const of = await submitted(fixture, ana);
  await addPerson(fixture, "usr_op", "{operador}");
  await addPerson(fixture, "usr_dpo", "{encarregado}");
  await expect(approveLicenseVersion(ana, of)).rejects.toMatchObject({ code: "forbidden" });
  await expect(setApprovalMode(ana, single)).rejects.toMatchObject({ code: "conflict" });
  expect(await setApprovalMode(ana, { mode: "two_persons", reason: "dois usuários" })).toMatchObject({ mode: "two_persons" });
});

test("whoever puts the other approvers away approves alone no sooner than seven days later, whoever did it for them", async () => {
  const { fixture, ana } = await alone();
  await setApprovalMode(ana, single);
  const of = await submitted(fixture, ana);
  for (const role of ["encarregado", "administrador"] as const) {
    const other = await createTestUser(fixture.ctx, [role]);
    if (role === "encarregado") await changeUserRoles(fixture.ctx, { user_id: other.userId, roles: ["auditor"] });
    await disableUser(fixture.ctx, { user_id: other.userId, reason: "x" });
    await expect(setApprovalMode(ana, single)).rejects.toMatchObject({ code: "conflict" });
    await expect(approveLicenseVersion(ana, of)).rejects.toMatchObject({ code: "forbidden" });
  }
});

test("seven days after the last other approver left, the one who stays chooses to approve alone", async () => {
  const { fixture, ana } = await alone();
  await addPerson(fixture, "usr_dpo", "{encarregado}");
  await tenantTx(base.db, fixture.tenantId, async (tx) => {
    await sql`UPDATE person SET state = 'disabled' WHERE user_id = 'usr_dpo'`.execute(tx);
    await sql`INSERT INTO admin_entry (tenant_id, entry_id, at, actor_kind, actor_id, action, target_kind, target_id, request_id, detail)
      VALUES (${fixture.tenantId}, 'aud_x', now() - interval '7 days', 'user', 'usr_ana', 'user.disable', 'user', 'usr_dpo', 'req_x',
        '{"before":"active"}')`.execute(tx);
  });
  expect(await setApprovalMode(ana, single)).toMatchObject({ mode: "single_approver" });
});

test("neither key nor job, nor a person without the scope, chooses the mode", async () => {
  const { fixture } = await alone();
  const before = await auditCount(base.db, fixture.tenantId);
  const operador: ActionContext = { ...fixture.ctx, actor: { kind: "user", id: "usr_o" }, scopes: scopesOf(["operador"]) };
  for (const ctx of [fixture.ctx, contextWith(fixture, ["operator"]), contextWith(fixture, ["approval-mode:write"]), operador])
    await expect(setApprovalMode(ctx, single)).rejects.toMatchObject({ code: "forbidden" });
  expect(await auditCount(base.db, fixture.tenantId)).toBe(before);
});

test("the mode is the tenant's own, and is not set over one that changed since", async () => {
  const { ana } = await alone();
  const two = await alone();
  await setApprovalMode(ana, single);
  expect(await getApprovalMode(two.ana)).toMatchObject({ mode: "two_persons" });
  await expect(setApprovalMode({ ...ana, ifMatch: '"old"' }, { mode: "two_persons", reason: "x" })).rejects.toMatchObject({
    code: "precondition-failed",
  });
});
