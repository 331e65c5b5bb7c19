import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../../../test/helpers/database.ts";
import { auditCount, auditOf, contextWith, createTenantFixture, fixtureOpenapi, type TenantFixture } from "../../../test/helpers/tenant.ts";
import type { KillLevel } from "../../contract/kill-switch.ts";
import { type Role, scopesOf } from "../../contract/roles.ts";
import type { Scope } from "../../contract/scopes.ts";
import { tenantTx } from "../../db/tx.ts";
import { createApiKey } from "../api-key/create.ts";
import { setApprovalMode } from "../approval-mode/set.ts";
import type { ActionContext } from "../context.ts";
import { getKillSwitch } from "./get.ts";
import { listKillSwitches } from "./list.ts";
import { setKillSwitch } from "./set.ts";
import { undoKillSwitch } from "./undo.ts";

let base: TestDatabase;
beforeAll(async () => {
  base = await createTestDatabase();
});
afterAll(() => base[Symbol.asyncDispose]());

const levels: readonly KillLevel[] = ["token", "access", "license", "partner", "service", "all"];

function targetOf(fixture: TenantFixture, level: KillLevel): { target_id?: string } {
  const ids = {
    token: fixture.tokenId,
    access: fixture.access.access_id,
    license: fixture.license.license_id,
    partner: fixture.partner.partner_id,
    service: fixture.serviceId,
  };
  return level === "all" ? {} : { target_id: ids[level] };
}

function person(fixture: TenantFixture, id: string, more: Scope[] = ["licenses:approve"]): ActionContext {
  return contextWith(fixture, ["kill-switches:write", "kill-switches:read", ...more], { actor: { kind: "user", id } });
}

async function addPerson(fixture: TenantFixture, userId: string, role: Role): Promise<ActionContext> {
  await tenantTx(base.db, fixture.tenantId, (tx) =>
    sql`INSERT INTO person (tenant_id, user_id, email_hash, pepper_id, email_sealed, name_sealed, roles, state, created_at)
        VALUES (${fixture.tenantId}, ${userId}, sha256(${userId}::bytea), 'pepper1', '', '', ${[role]}::text[], 'active', now())`.execute(
      tx,
    ),
  );
  return { ...fixture.ctx, actor: { kind: "user", id: userId }, scopes: scopesOf([role]) };
}

const plain = { license: { operations: [{ operation_id: "getHealth", projection: {} }] } };

describe.each(levels)("%s", (level) => {
  test("a key sets it with one audit entry and a revocation; pressed again it is the same switch", async () => {
    const fixture = await createTenantFixture(base.db);
    const input = { level, reason: "leak", ...targetOf(fixture, level) };
    const set = await setKillSwitch(contextWith(fixture, ["kill-switches:write"]), input);
    expect(set).toMatchObject({ level, target_id: input.target_id ?? null, revocation_id: expect.stringMatching(/^rev_/) });
    expect(await auditOf(base.db, fixture.tenantId, set.switch_id)).toMatchObject([
      { action: "kill_switch.set", detail: { level, reason: "leak" } },
    ]);
    const again = await Promise.all([1, 2, 3].map(() => setKillSwitch(fixture.ctx, input)));
    for (const one of again) expect(one).toEqual({ ...set, revocation_id: undefined });
    expect((await listKillSwitches(fixture.ctx, { state: "on" })).items).toHaveLength(1);
  });

  test("a key never undoes it; where personal data opens again, the person who set it does not either", async () => {
    const fixture = await createTenantFixture(base.db);
    const { switch_id } = await setKillSwitch(person(fixture, "usr_a"), { level, reason: "leak", ...targetOf(fixture, level) });
    const undo = (ctx: ActionContext) => undoKillSwitch(ctx, { switch_id, reason: "over" });
    await expect(undo(fixture.ctx)).rejects.toMatchObject({ code: "forbidden" });
    await expect(undo(contextWith(fixture, ["operator"]))).rejects.toMatchObject({ code: "forbidden" });
    await expect(undo(person(fixture, "usr_a"))).rejects.toMatchObject({ code: "forbidden" });
    const undone = await undo(person(fixture, "usr_b"));
    expect(await getKillSwitch(fixture.ctx, { switch_id })).toMatchObject({
      undone_at: undone.undone_at,
      undone_by: "usr_b",
      undone_reason: "over",
    });
    expect(await undo(person(fixture, "usr_c"))).toMatchObject({ undone_at: undone.undone_at });
    const actions = (await auditOf(base.db, fixture.tenantId, switch_id)).map((entry) => entry.action);
    expect(actions).toEqual(["kill_switch.set", "kill_switch.undo"]);
    const next = await setKillSwitch(fixture.ctx, { level, reason: "again", ...targetOf(fixture, level) });
    expect(next.switch_id).not.toBe(switch_id);
  });
});

test("personal data opens again by somebody who may approve, not by an operador, and not by the maker of the key that set it", async () => {
  const fixture = await createTenantFixture(base.db);
  const ana = await addPerson(fixture, "usr_ana", "administrador");
  const otto = await addPerson(fixture, "usr_otto", "operador");
  const dpo = await addPerson(fixture, "usr_dpo", "encarregado");
  const { key_id } = await createApiKey(ana, { name: "guard", scopes: ["kill-switches:write"] });
  const key = contextWith(fixture, ["kill-switches:write"], { actor: { kind: "key", id: key_id } });
  const { switch_id } = await setKillSwitch(key, { level: "all", reason: "leak" });
  for (const ctx of [ana, otto])
    await expect(undoKillSwitch(ctx, { switch_id, reason: "over" })).rejects.toMatchObject({ code: "forbidden" });
  await undoKillSwitch(dpo, { switch_id, reason: "over" });
  expect((await auditOf(base.db, fixture.tenantId, switch_id)).at(-1)).toMatchObject({
    detail: { personal: true, single_approver: false },
  });
});

test("in single-approver mode the one who set it undoes it, for a reason, until somebody else could approve", async () => {
  const fixture = await createTenantFixture(base.db);
  const ana = await addPerson(fixture, "usr_ana", "administrador");
  const set = () => setKillSwitch(ana, { level: "all", reason: "leak" });
  const first = await set();
  await expect(undoKillSwitch(ana, { switch_id: first.switch_id, reason: "over" })).rejects.toMatchObject({ code: "forbidden" });
  await setApprovalMode(ana, { mode: "single_approver", reason: "one user" });
  await undoKillSwitch(ana, { switch_id: first.switch_id, reason: "over" });
  expect((await auditOf(base.db, fixture.tenantId, first.switch_id)).at(-1)).toMatchObject({
    action: "kill_switch.undo",
    actor_kind: "user",
    detail: { reason: "over", personal: true, single_approver: true },
  });
  const second = await set();
  await addPerson(fixture, "usr_dpo", "encarregado");
  await expect(undoKillSwitch(ana, { switch_id: second.switch_id, reason: "over" })).rejects.toMatchObject({ code: "forbidden" });
});

test("where no personal data opens again, the person who set it may undo it, an operador too", async () => {
  const fixture = await createTenantFixture(base.db, plain);
  const operador = person(fixture, "usr_a", []);
  const { switch_id } = await setKillSwitch(operador, { level: "service", target_id: fixture.serviceId, reason: "x" });
  await undoKillSwitch(operador, { switch_id, reason: "over" });
  expect((await auditOf(base.db, fixture.tenantId, switch_id)).at(-1)).toMatchObject({ detail: { personal: false } });
});

test("an operation that asks for a CPF is personal data too, whatever the license shows of its answer", async () => {
  const checks = {
    summary: "check an identity",
    operationId: "checkIdentity",
    requestBody: {
      required: true,
      content: {
        "application/json": {
          schema: {
            type: "object",
            "x-lgpd": "none",
            required: ["cpf"],
            properties: { cpf: { type: "string", "x-lgpd": "identity" } },
            additionalProperties: false,
          },
        },
      },
    },
    responses: { "204": { description: "it is" } },
  };
  const openapi = { ...fixtureOpenapi, paths: { ...fixtureOpenapi.paths, "/v1/identity-checks": { post: checks } } };
  const fixture = await createTenantFixture(base.db, {
    openapi,
    license: { operations: [{ operation_id: "checkIdentity", projection: {} }] },
  });
  for (const level of ["service", "license"] as const) {
    const { switch_id } = await setKillSwitch(person(fixture, "usr_a"), { level, reason: "x", ...targetOf(fixture, level) });
    await expect(undoKillSwitch(person(fixture, "usr_a"), { switch_id, reason: "x" })).rejects.toMatchObject({ code: "forbidden" });
    await expect(undoKillSwitch(person(fixture, "usr_b", []), { switch_id, reason: "x" })).rejects.toMatchObject({ code: "forbidden" });
    await undoKillSwitch(person(fixture, "usr_b"), { switch_id, reason: "x" });
  }
});

test("a target that is not there, of another tenant, missing or too many is refused", async () => {
  const [one, two] = [await createTenantFixture(base.db), await createTenantFixture(base.db)];
  for (const level of levels.filter((name) => name !== "all")) {
    for (const target of [targetOf(two, level), {}])
      await expect(setKillSwitch(one.ctx, { level, reason: "x", ...target })).rejects.toMatchObject({ pointer: "/body/target_id" });
  }
  await expect(setKillSwitch(one.ctx, { level: "all", target_id: "x", reason: "x" })).rejects.toMatchObject({ pointer: "/body/target_id" });
});

test("another tenant's switch is not found, and neither scope nor partner's user gets through", async () => {
  const [one, two] = [await createTenantFixture(base.db), await createTenantFixture(base.db)];
  const { switch_id } = await setKillSwitch(two.ctx, { level: "all", reason: "x" });
  await expect(getKillSwitch(one.ctx, { switch_id })).rejects.toMatchObject({ code: "not-found" });
  await expect(undoKillSwitch(person(one, "usr_a"), { switch_id, reason: "x" })).rejects.toMatchObject({ code: "not-found" });
  expect((await listKillSwitches(one.ctx, {})).items).toEqual([]);
  const count = await auditCount(base.db, one.tenantId);
  await expect(setKillSwitch(contextWith(one, ["kill-switches:read"]), { level: "all", reason: "x" })).rejects.toMatchObject({
    code: "forbidden",
  });
  const user = { ...person(one, "usr_p"), partnerIds: [one.partner.partner_id] };
  await expect(setKillSwitch(user, { level: "all", reason: "x" })).rejects.toMatchObject({ code: "not-found" });
  await expect(listKillSwitches(user, {})).rejects.toMatchObject({ code: "not-found" });
  expect(await auditCount(base.db, one.tenantId)).toBe(count);
});
