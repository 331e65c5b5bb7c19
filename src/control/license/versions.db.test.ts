import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../../../test/helpers/database.ts";
import { auditCount, auditOf, contextWith, createTenantFixture, type TenantFixture } from "../../../test/helpers/tenant.ts";
import type { NewLicense } from "../../contract/license.ts";
import { scopesOf } from "../../contract/roles.ts";
import { loadPolicy } from "../../gateway/snapshot-loader.ts";
import { newId } from "../../platform/ids.ts";
import { tenantTx } from "../../db/tx.ts";
import { createAccess } from "../access/create.ts";
import { updateAccess } from "../access/update.ts";
import { createApiKey } from "../api-key/create.ts";
import { createClientApplication } from "../client/create.ts";
import type { ActionContext } from "../context.ts";
import { listTokens } from "../token/list.ts";
import { approveLicenseVersion } from "./approve.ts";
import { changeLicenseVersion } from "./change-version.ts";
import { createLicense } from "./create.ts";
import { draftLicenseVersion } from "./draft-version.ts";
import { getLicenseEffect } from "./effect.ts";
import { getLicense } from "./get.ts";
import { getLicenseVersion, getVersionMatriculas } from "./get-version.ts";
import { endLicense, resumeLicense, suspendLicense } from "./hold.ts";
import { listLicenses } from "./list.ts";
import { listLicenseVersions } from "./list-versions.ts";
import { publishLicenseVersion } from "./publish.ts";
import { refuseLicenseVersion } from "./refuse.ts";
import { rollbackLicense } from "./rollback.ts";
import { submitLicenseVersion } from "./submit.ts";
import { withdrawLicenseVersion } from "./withdraw.ts";

let base: TestDatabase;
let fixture: TenantFixture;
let other: TenantFixture;
/** ana drafts, bia and caio approve; all three may do both. */
let ana: ActionContext;
let bia: ActionContext;
let key: ActionContext;

beforeAll(async () => {
  base = await createTestDatabase();
  fixture = await createTenantFixture(base.db);
  other = await createTenantFixture(base.db);
  ana = person(fixture, "usr_ana");
  bia = person(fixture, "usr_bia");
  key = contextWith(fixture, ["operator"]);
  // the keys that they make go back to them
  for (const id of ["usr_ana", "usr_bia"]) await addRow(id);
});
afterAll(() => base[Symbol.asyncDispose]());

function person(of: TenantFixture, id: string, more: Partial<ActionContext> = {}): ActionContext {
  const session = { sessionId: `ses_${id}`, secondFactorAt: new Date() };
  return { ...of.ctx, actor: { kind: "user", id }, scopes: scopesOf(["administrador"]), session, ...more };
}

async function addRow(userId: string): Promise<void> {
  await tenantTx(base.db, fixture.tenantId, (tx) =>
    sql`INSERT INTO person (tenant_id, user_id, email_hash, pepper_id, email_sealed, name_sealed, roles, state, created_at)
        VALUES (${fixture.tenantId}, ${userId}, sha256(${userId}::bytea), 'pepper1', '', '', '{auditor}', 'active', now())`.execute(tx),
  );
}

const people = {
  responsible: { name: "Ana Responsável", email: "ana@utility.example" },
  encarregado: { name: "Davi Encarregado", email: "dpo@utility.example", phone: "+55 81 3000-0000" },
};

function input(more: Partial<NewLicense> = {}): NewLicense {
  return {
    partner_id: fixture.partner.partner_id,
    name: "cobrança",
    purpose: "cobrança de débitos",
    legal_basis: "art. 7 V",
    contract_number: "2026/12",
    ends_at: "2100-01-01T00:00:00Z",
    rate_per_second: 5,
    burst: 10,
    quota_day: 1000,
    operations: [{ operation_id: "getProperty", projection: { indirect: "full", identity: "masked" } }],
    events: [],
    ...people,
    ...more,
  };
}

const at = (license_id: string, version: number) => ({ license_id, version });

async function effectOf(license_id: string, version: number) {
  return (await getLicenseEffect(ana, at(license_id, version))).effect;
}

/** A license whose version 1 was drafted by ana, approved by bia, and published. */
async function published(more: Partial<NewLicense> = {}): Promise<string> {
  const { license_id } = await createLicense(ana, input({ ...more, state: "submitted" }));
  await approve(bia, license_id, 1);
  await publish(ana, license_id, 1);
  return license_id;
}

async function approve(ctx: ActionContext, license_id: string, version: number) {
  return approveLicenseVersion(ctx, { ...at(license_id, version), effect: await effectOf(license_id, version) });
}

async function publish(ctx: ActionContext, license_id: string, version: number) {
  return publishLicenseVersion(ctx, { ...at(license_id, version), effect: await effectOf(license_id, version) });
}

async function stateOf(license_id: string) {
  const { state, version, open_version } = await getLicense(ana, { license_id });
  return { state, version, open: open_version?.state };
}

/** An author who tries to approve is refused, nothing but the try is in the audit, and the version stays as it was. */
async function refusedAsAuthor(ctx: ActionContext, license_id: string, of: TenantFixture = fixture): Promise<void> {
  const before = { audit: await auditCount(base.db, of.tenantId), version: await getLicenseVersion(ctx, at(license_id, 1)) };
  await expect(approve(ctx, license_id, 1)).rejects.toMatchObject({ code: "forbidden" });
  expect(await auditCount(base.db, of.tenantId)).toBe(before.audit + 1);
  expect(await getLicenseVersion(ctx, at(license_id, 1))).toEqual(before.version);
}

/** Refused with the code, and nothing of it is left in the audit. */
async function refused(work: () => Promise<unknown>, code: string, of: TenantFixture = fixture): Promise<void> {
  const before = await auditCount(base.db, of.tenantId);
  await expect(work()).rejects.toMatchObject({ code });
  expect(await auditCount(base.db, of.tenantId)).toBe(before);
}

test("the life of a license: drafted, refused to its author, approved by another, published, changed, rolled back, suspended, ended", async () => {
  const { license_id } = await createLicense(ana, input());
  expect(await stateOf(license_id)).toEqual({ state: "draft", version: 0, open: "draft" });
  await submitLicenseVersion(ana, at(license_id, 1));
  await refusedAsAuthor(ana, license_id);
  await refused(() => publish(ana, license_id, 1), "conflict");

  await refuseLicenseVersion(bia, { ...at(license_id, 1), reason: "limite alto demais" });
  expect(await getLicenseVersion(ana, at(license_id, 1))).toMatchObject({
    state: "refused",
    reason: "limite alto demais",
    reason_by: "user:usr_bia",
  });
  expect(await stateOf(license_id)).toEqual({ state: "draft", version: 0, open: "refused" });
  await changeLicenseVersion(ana, { ...at(license_id, 1), rate_per_second: 2 });
  await submitLicenseVersion(ana, at(license_id, 1));
  expect(await approve(bia, license_id, 1)).toMatchObject({ state: "approved", approved_by: "user:usr_bia", single_approver: false });
  expect(await stateOf(license_id)).toEqual({ state: "approved", version: 0, open: "approved" });
  expect((await getLicense(ana, { license_id })).operations).toEqual([]);
  const made = await publish(ana, license_id, 1);
  expect(made.version).toMatchObject({ state: "published", published_by: "user:usr_ana" });
  expect(await getLicense(ana, { license_id })).toMatchObject({
    state: "active",
    version: 1,
    rate_per_second: 2,
    operations: [{ operation_id: "getProperty", projection: { indirect: "full", identity: "masked" } }],
    open_version: null,
  });

  await draftLicenseVersion(ana, {
    license_id,
    operations: [{ operation_id: "getProperty", projection: { indirect: "full", identity: "full" } }],
  });
  await submitLicenseVersion(ana, at(license_id, 2));
  expect(await getLicenseEffect(ana, at(license_id, 2))).toMatchObject({
    against: 1,
    cells: [
      { operation_id: "getProperty", field: "/cpf", from: "masked", to: "full" },
      { operation_id: "getProperty", field: "/name", from: "masked", to: "full" },
    ],
    needs_second_person: true,
  });
  await approve(bia, license_id, 2);
  await publish(bia, license_id, 2);
  expect(await stateOf(license_id)).toEqual({ state: "active", version: 2, open: undefined });

  const back = await rollbackLicense(ana, { ...at(license_id, 1), reason: "aberto demais" });
  expect(back).toMatchObject({ version: 3, state: "draft", restores: 1, ...people });
  await submitLicenseVersion(ana, at(license_id, 3));
  // it only closes, so one person publishes it
  expect(await getLicenseEffect(ana, at(license_id, 3))).toMatchObject({ only_closes: true, needs_second_person: false });
  await publish(ana, license_id, 3);
  expect(await getLicense(ana, { license_id })).toMatchObject({ version: 3, operations: [{ projection: { identity: "masked" } }] });
  expect((await listLicenseVersions(ana, { license_id })).items.map((version) => [version.version, version.state])).toEqual([
    [3, "published"],
    [2, "superseded"],
    [1, "superseded"],
  ]);

  await suspendLicense(ana, { license_id, reason: "incidente" });
  await refused(() => resumeLicense(ana, { license_id, reason: "resolvido" }), "forbidden");
  await resumeLicense(bia, { license_id, reason: "resolvido" });
  await endLicense(ana, { license_id, reason: "fim do contrato" });
  expect(await getLicense(ana, { license_id })).toMatchObject({
    state: "ended",
    state_reason: "fim do contrato",
    state_by: "user:usr_ana",
  });
  await refused(() => draftLicenseVersion(ana, { license_id }), "conflict");
  await refused(() => endLicense(ana, { license_id, reason: "again" }), "conflict");

  const audit = await auditOf(base.db, fixture.tenantId, license_id);
  expect(audit.map((entry) => entry.action)).toEqual([
    "license.draft",
    "license.submit",
    "license.approve_refused",
    "license.refuse",
    "license.change",
    "license.submit",
    "license.approve",
    "license.publish",
    "license.draft",
    "license.submit",
    "license.approve",
    "license.publish",
    "license.rollback",
    "license.submit",
    "license.publish",
    "license.suspend",
    "license.resume",
    "license.end",
  ]);
  expect(JSON.stringify(audit)).not.toMatch(/Responsável|Encarregado|utility\.example|3000-0000/);
});

describe("who may", () => {
  test("an API key drafts and submits, and neither approves, refuses, publishes nor resumes", async () => {
    const license = await createLicense(key, input({ state: "submitted" }));
    expect(license).toMatchObject({ state: "submitted", version: 0 });
    const of = at(license.license_id, 1);
    for (const ctx of [key, { ...key, scopes: scopesOf(["administrador"]) }]) {
      await refused(() => approve(ctx, license.license_id, 1), "forbidden");
      await refused(() => refuseLicenseVersion(ctx, { ...of, reason: "x" }), "forbidden");
      await refused(() => publish(ctx, license.license_id, 1), "forbidden");
      await refused(() => resumeLicense(ctx, { license_id: license.license_id, reason: "x" }), "forbidden");
    }
    await approve(ana, license.license_id, 1);
    await refused(() => publish(key, license.license_id, 1), "forbidden");
  });

  test("nobody approves what they wrote through a key of their own, or through a key that this key made", async () => {
    const first = await createApiKey(ana, { name: "ana's", scopes: ["licenses:write", "keys:write"] });
    const firstCtx: ActionContext = { ...ana, actor: { kind: "key", id: first.key_id }, scopes: ["licenses:write", "keys:write"] };
    const second = await createApiKey(firstCtx, { name: "its own", scopes: ["licenses:write"] });
    for (const id of [first.key_id, second.key_id]) {
      const ctx: ActionContext = { ...ana, actor: { kind: "key", id }, scopes: ["licenses:write"] };
      const { license_id } = await createLicense(ctx, input({ state: "submitted" }));
      expect((await getLicenseVersion(ana, at(license_id, 1))).authors).toContain("user:usr_ana");
      await refusedAsAuthor(ana, license_id);
      await approve(bia, license_id, 1);
    }
  });

  test("a person approves with a second factor given within 15 minutes, and else gives it again", async () => {
    const { license_id } = await createLicense(ana, input({ state: "submitted" }));
    const given = (secondFactorAt: Date | null) => ({ ...bia, session: { sessionId: "ses_bia", secondFactorAt } });
    const { session: _, ...without } = bia;
    for (const ctx of [given(null), given(new Date(Date.now() - 16 * 60_000)), without])
      await refused(() => approve(ctx, license_id, 1), "second-factor-required");
    await approve(given(new Date(Date.now() - 14 * 60_000)), license_id, 1);
  });

  test("nobody resumes a personal license that they suspended through a key of their own, or one that this key made", async () => {
    const license_id = await published();
    const first = await createApiKey(bia, { name: "mine", scopes: ["licenses:write", "keys:write"] });
    const byFirst = contextWith(fixture, ["licenses:write", "keys:write"], { actor: { kind: "key", id: first.key_id } });
    const second = await createApiKey(byFirst, { name: "its", scopes: ["licenses:write"] });
    for (const id of [first.key_id, second.key_id]) {
      await suspendLicense(contextWith(fixture, ["licenses:write"], { actor: { kind: "key", id } }), { license_id, reason: "x" });
      await refused(() => resumeLicense(bia, { license_id, reason: "x" }), "forbidden");
      await resumeLicense(ana, { license_id, reason: "x" });
    }
  });

  test("who changed or submitted a draft is one of its authors", async () => {
    const caio = person(fixture, "usr_caio");
    const { license_id } = await createLicense(ana, input());
    await changeLicenseVersion(bia, { ...at(license_id, 1), burst: 3 });
    await submitLicenseVersion(caio, at(license_id, 1));
    for (const ctx of [ana, bia, caio]) await refusedAsAuthor(ctx, license_id);
    await approve(person(fixture, "usr_eva"), license_id, 1);
  });

  test("public data alone may be approved by its author, and still takes a person and an approval", async () => {
    const open = input({ operations: [{ operation_id: "getHealth", projection: {} }], state: "submitted" });
    const { license_id } = await createLicense(ana, open);
    await refused(() => publish(ana, license_id, 1), "conflict");
    await approve(ana, license_id, 1);
    await publish(ana, license_id, 1);
  });

  test("each verb needs its scope", async () => {
    const license_id = await published();
    const { version } = await draftLicenseVersion(ana, { license_id, burst: 20 });
    const of = { license_id, version };
    const reader = person(fixture, "usr_reader", { scopes: ["licenses:read"] });
    const verbs = [
      () => createLicense(reader, input()),
      () => draftLicenseVersion(reader, { license_id }),
      () => changeLicenseVersion(reader, { ...of, burst: 1 }),
      () => submitLicenseVersion(reader, of),
      () => approveLicenseVersion(reader, { ...of, effect: "x" }),
      () => refuseLicenseVersion(reader, { ...of, reason: "x" }),
      () => withdrawLicenseVersion(reader, { ...of, reason: "x" }),
      () => publishLicenseVersion(reader, { ...of, effect: "x" }),
      () => rollbackLicense(reader, { ...of, reason: "x" }),
      () => suspendLicense(reader, { license_id, reason: "x" }),
      () => resumeLicense(reader, { license_id, reason: "x" }),
      () => endLicense(reader, { license_id, reason: "x" }),
    ];
    for (const verb of verbs) await refused(verb, "forbidden");
    const nobody = person(fixture, "usr_nobody", { scopes: [] });
    for (const read of [
      () => getLicenseVersion(nobody, of),
      () => listLicenseVersions(nobody, { license_id }),
      () => getLicenseEffect(nobody, of),
      () => getVersionMatriculas(nobody, of),
    ])
      await refused(read, "forbidden");
  });

  test("another tenant's license, and for a partner's user another partner's, is not there", async () => {
    const license_id = await published();
    const { version } = await draftLicenseVersion(ana, { license_id, burst: 20 });
    const of = { license_id, version };
    for (const ctx of [person(other, "usr_x"), person(fixture, "usr_i", { partnerIds: [newId("par")] })]) {
      const verbs = [
        () => draftLicenseVersion(ctx, { license_id }),
        () => changeLicenseVersion(ctx, { ...of, burst: 1 }),
        () => submitLicenseVersion(ctx, of),
        () => approveLicenseVersion(ctx, { ...of, effect: "x" }),
        () => refuseLicenseVersion(ctx, { ...of, reason: "x" }),
        () => withdrawLicenseVersion(ctx, { ...of, reason: "x" }),
        () => publishLicenseVersion(ctx, { ...of, effect: "x" }),
        () => rollbackLicense(ctx, { ...of, reason: "x" }),
        () => suspendLicense(ctx, { license_id, reason: "x" }),
        () => resumeLicense(ctx, { license_id, reason: "x" }),
        () => endLicense(ctx, { license_id, reason: "x" }),
        () => getLicense(ctx, { license_id }),
        () => getLicenseVersion(ctx, of),
        () => listLicenseVersions(ctx, { license_id }),
        () => getLicenseEffect(ctx, of),
        () => getVersionMatriculas(ctx, of),
      ];
      for (const verb of verbs) await refused(verb, "not-found");
    }
  });
});

describe("states", () => {
  test("a verb out of its state is a conflict and changes nothing", async () => {
    const { license_id } = await createLicense(ana, input());
    const of = at(license_id, 1);
    const effect = await effectOf(license_id, 1);
    await refused(() => approveLicenseVersion(bia, { ...of, effect }), "conflict");
    await refused(() => refuseLicenseVersion(bia, { ...of, reason: "x" }), "conflict");
    await refused(() => publishLicenseVersion(bia, { ...of, effect }), "conflict");
    await refused(() => rollbackLicense(bia, { ...of, reason: "x" }), "conflict");
    await refused(() => suspendLicense(bia, { license_id, reason: "x" }), "conflict");
    await refused(() => resumeLicense(bia, { license_id, reason: "x" }), "conflict");
    await refused(() => draftLicenseVersion(ana, { license_id }), "conflict");
    await submitLicenseVersion(ana, of);
    await refused(() => submitLicenseVersion(ana, of), "conflict");
    await refused(() => changeLicenseVersion(ana, { ...of, burst: 1 }), "conflict");
    await withdrawLicenseVersion(ana, { ...of, reason: "desistência" });
    await refused(() => withdrawLicenseVersion(ana, { ...of, reason: "x" }), "conflict");
    expect(await stateOf(license_id)).toEqual({ state: "draft", version: 0, open: undefined });
    // the next draft takes up what was withdrawn
    expect(await draftLicenseVersion(ana, { license_id, burst: 7 })).toMatchObject({
      version: 2,
      content: { burst: 7, purpose: "cobrança de débitos" },
    });
  });

  test("a license without its responsible person, or one that shows personal data without encarregado, is not submitted", async () => {
    for (const missing of [{ responsible: null }, { encarregado: null }]) {
      const { license_id } = await createLicense(ana, input(missing));
      await refused(() => submitLicenseVersion(ana, at(license_id, 1)), "conflict");
    }
    const open = input({ encarregado: null, operations: [{ operation_id: "getHealth", projection: {} }] });
    await submitLicenseVersion(ana, at((await createLicense(ana, open)).license_id, 1));
  });

  test("what is approved and published is what was seen", async () => {
    const { license_id } = await createLicense(ana, input({ state: "submitted" }));
    await refused(() => approveLicenseVersion(bia, { ...at(license_id, 1), effect: "another" }), "conflict");
    const effect = await effectOf(license_id, 1);
    await approveLicenseVersion(bia, { ...at(license_id, 1), effect });
    // the operation says more now than when it was approved
    await tenantTx(base.db, fixture.tenantId, (tx) =>
      sql`UPDATE operation SET response_schema = jsonb_set(response_schema, '{properties,mother}', '{"type": "string", "x-lgpd": "identity"}')
           WHERE tenant_id = ${fixture.tenantId} AND operation_id = 'getProperty'`.execute(tx),
    );
    await refused(() => publishLicenseVersion(ana, { ...at(license_id, 1), effect }), "conflict");
    await refused(() => publish(ana, license_id, 1), "conflict");
    await approve(bia, license_id, 1);
    await publish(ana, license_id, 1);
    await tenantTx(base.db, fixture.tenantId, (tx) =>
      sql`UPDATE operation SET response_schema = response_schema #- '{properties,mother}'
           WHERE tenant_id = ${fixture.tenantId} AND operation_id = 'getProperty'`.execute(tx),
    );
  });

  test("a submitted version is frozen in the store too", async () => {
    const { license_id } = await createLicense(ana, input({ state: "submitted" }));
    for (const change of [sql`content = '{}'`, sql`authors = '{user:x}'`, sql`matriculas = '\\x01', matricula_count = 1`]) {
      const work = tenantTx(base.db, fixture.tenantId, (tx) =>
        sql`UPDATE license_version SET ${change} WHERE license_id = ${license_id}`.execute(tx),
      );
      await expect(work).rejects.toThrow(/no longer changes/);
    }
  });

  test("a draft that changed since it was read is not overwritten", async () => {
    const { license_id } = await createLicense(ana, input());
    const ctx = { ...ana, ifMatch: '"of-another-state"' };
    await refused(() => changeLicenseVersion(ctx, { ...at(license_id, 1), burst: 2 }), "precondition-failed");
  });

  test("a suspended license takes a new version and stays suspended; one suspended by a key is resumed by any person", async () => {
    const license_id = await published();
    await suspendLicense(key, { license_id, reason: "automation" });
    await draftLicenseVersion(ana, { license_id, burst: 5 });
    await submitLicenseVersion(ana, at(license_id, 2));
    await publish(ana, license_id, 2);
    expect(await stateOf(license_id)).toMatchObject({ state: "suspended", version: 2 });
    await resumeLicense(ana, { license_id, reason: "ok" });
    expect(await stateOf(license_id)).toMatchObject({ state: "active" });
  });
});

describe("races", () => {
  test("of concurrent drafts one wins, and so of concurrent approvals, publications and ends", async () => {
    const license_id = await published();
    const once = async (work: (() => Promise<unknown>)[]) => {
      const results = await Promise.allSettled(work.map((one) => one()));
      expect(results.filter((result) => result.status === "fulfilled")).toHaveLength(1);
      for (const result of results) if (result.status === "rejected") expect(result.reason).toMatchObject({ code: "conflict" });
    };
    await once([1, 2, 3, 4].map((burst) => () => draftLicenseVersion(ana, { license_id, burst })));
    const version = (await getLicense(ana, { license_id })).open_version?.version ?? 0;
    await once([ana, bia].map((ctx) => () => submitLicenseVersion(ctx, { license_id, version })));
    const effect = await effectOf(license_id, version);
    await once([ana, bia].map((ctx) => () => publishLicenseVersion(ctx, { license_id, version, effect })));
    await once([ana, bia].map((ctx) => () => endLicense(ctx, { license_id, reason: "x" })));
  });

  test("an approval and a withdrawal do not both happen", async () => {
    const { license_id } = await createLicense(ana, input({ state: "submitted" }));
    const effect = await effectOf(license_id, 1);
    await Promise.allSettled([
      withdrawLicenseVersion(ana, { ...at(license_id, 1), reason: "x" }),
      approveLicenseVersion(bia, { ...at(license_id, 1), effect }),
    ]);
    // approved then withdrawn, or withdrawn and never approved
    expect(await getLicenseVersion(ana, at(license_id, 1))).toMatchObject({ state: "withdrawn" });
  });
});

describe("content", () => {
  test("the people of a license are sealed, and shown only to who may see them", async () => {
    const license_id = await published();
    const { rows } = await tenantTx(base.db, fixture.tenantId, (tx) =>
      sql<{
        row: string;
      }>`SELECT v::text || encode(responsible_sealed, 'escape') AS row FROM license_version v WHERE license_id = ${license_id}`.execute(tx),
    );
    expect(rows).toHaveLength(1);
    expect(rows[0]?.row).not.toMatch(/Responsável|utility\.example|3000-0000/);
    expect(await getLicense(ana, { license_id })).toMatchObject({ ...people, people_hidden: false });
    const support = person(fixture, "usr_s", { scopes: scopesOf(["suporte"]) });
    const hidden = { responsible: null, encarregado: null, people_hidden: true };
    expect(await getLicense(support, { license_id })).toMatchObject(hidden);
    expect(await getLicenseVersion(support, at(license_id, 1))).toMatchObject(hidden);
    expect((await listLicenses(support, { limit: 200 })).items.find((one) => one.license_id === license_id)).toMatchObject(hidden);
  });

  test("scope, quotas, field list and bindings are kept, shown, and given to the gateway with the publication", async () => {
    const list = Array.from({ length: 100_000 }, (_, index) => 900_000_000 - index * 3);
    const { license_id } = await createLicense(
      ana,
      input({
        operations: [{ operation_id: "getProperty", projection: { identity: "masked" }, fields: ["/name"] }],
        object_scope: { matriculas: [...list, list[0] ?? 0], contract_ranges: [{ from: 5, to: 9 }] },
        bindings: { origins: [], cidrs: ["10.0.0.0/8"], certificates: [] },
        state: "submitted",
      }),
    );
    const scoped = async () => {
      const policy = await loadPolicy(
        base.db,
        { known: undefined },
        { reserve: () => undefined, addClients: () => undefined, addAccesses: () => undefined, addTokens: () => undefined },
      );
      return policy === "anew" ? [] : (policy?.licensing?.objects ?? []).filter((row) => row.license_id === license_id);
    };
    expect(await scoped()).toEqual([]);
    await approve(bia, license_id, 1);
    await publish(ana, license_id, 1);
    expect(await getLicense(ana, { license_id })).toMatchObject({
      quota_day: 1000,
      quota_month: null,
      contract_number: "2026/12",
      object_scope: { matriculas: { count: 100_000 }, contract_ranges: [{ from: 5, to: 9 }], localities: [] },
      bindings: { cidrs: ["10.0.0.0/8"] },
      operations: [{ operation_id: "getProperty", fields: ["/name"] }],
    });
    expect((await getVersionMatriculas(ana, at(license_id, 1))).matriculas).toEqual(list.toReversed());
    const quotas = await tenantTx(base.db, fixture.tenantId, (tx) =>
      tx.selectFrom("license").select(["quota_day", "quota_month"]).where("license_id", "=", license_id).executeTakeFirst(),
    );
    expect(quotas).toEqual({ quota_day: 1000n, quota_month: null });
    const [row] = await scoped();
    expect(row).toMatchObject({ tenant_id: fixture.tenantId, ranges: [5, 9], municipalities: [] });
    expect(row?.matriculas?.length).toBeLessThan(150_000);
    // a version without scope takes the row away
    await draftLicenseVersion(ana, { license_id, object_scope: null });
    await submitLicenseVersion(ana, at(license_id, 2));
    await approve(bia, license_id, 2);
    await publish(ana, license_id, 2);
    expect(await scoped()).toEqual([]);
    const audit = JSON.stringify(await auditOf(base.db, fixture.tenantId, license_id));
    expect(audit).not.toContain("900000000");
  });

  test("a version is not published over an access that it would leave unbound", async () => {
    const license_id = await published({ operations: [{ operation_id: "getHealth", projection: {} }] });
    const client = await createClientApplication(fixture.ctx, { partner_id: fixture.partner.partner_id, name: "x" });
    const access = await createAccess(fixture.ctx, { client_id: client.client_id, license_id, kind: "confidential", mode: "live" });
    await draftLicenseVersion(ana, { license_id, operations: [{ operation_id: "getProperty", projection: { identity: "full" } }] });
    await submitLicenseVersion(ana, at(license_id, 2));
    await approve(bia, license_id, 2);
    expect((await getLicenseEffect(ana, at(license_id, 2))).unfit_accesses).toEqual([access.access_id]);
    await refused(() => publish(ana, license_id, 2), "conflict");
    await withdrawLicenseVersion(ana, { ...at(license_id, 2), reason: "x" });
    await draftLicenseVersion(ana, { license_id, bindings: { origins: [], cidrs: ["10.0.0.0/8"], certificates: [] } });
    await submitLicenseVersion(ana, at(license_id, 3));
    expect((await getLicenseEffect(ana, at(license_id, 3))).unfit_accesses).toEqual([access.access_id]);
    await refused(() => publish(ana, license_id, 3), "conflict");
  });

  test("a version that binds to client certificates is published once each access has one of them, and says which lacks it", async () => {
    const certificate_sha256 = "ef".repeat(32);
    const license_id = await published({ operations: [{ operation_id: "getHealth", projection: {} }] });
    const client = await createClientApplication(fixture.ctx, { partner_id: fixture.partner.partner_id, name: "x" });
    const { access_id } = await createAccess(fixture.ctx, { client_id: client.client_id, license_id, kind: "confidential", mode: "live" });
    await draftLicenseVersion(ana, { license_id, bindings: { origins: [], cidrs: [], certificates: [certificate_sha256] } });
    await submitLicenseVersion(ana, at(license_id, 2));
    await expect(publish(ana, license_id, 2)).rejects.toMatchObject({
      code: "conflict",
      message: expect.stringMatching(new RegExp(`${access_id} .*client certificates`)),
    });
    await updateAccess(fixture.ctx, { access_id, certificate_sha256 });
    await publish(ana, license_id, 2);
    await expect(updateAccess(fixture.ctx, { access_id, certificate_sha256: null })).rejects.toMatchObject({ code: "invalid-field" });
  });

  test("operations by tag are those that carry it now, but for those named", async () => {
    await tenantTx(base.db, fixture.tenantId, (tx) =>
      sql`UPDATE operation SET tags = '{imovel}' WHERE tenant_id = ${fixture.tenantId} AND operation_id IN ('getProperty', 'listPayments')`.execute(
        tx,
      ),
    );
    const { license_id } = await createLicense(
      ana,
      input({
        operations: [
          { tag: "imovel", projection: { financial: "full" } },
          { operation_id: "getProperty", projection: {} },
        ],
      }),
    );
    expect((await getLicenseVersion(ana, at(license_id, 1))).content.operations).toEqual([
      { operation_id: "getProperty", projection: {} },
      { operation_id: "listPayments", projection: { financial: "full" } },
    ]);
  });

  test.each([
    ["a tag nobody carries", { operations: [{ tag: "nope", projection: {} }] }, "/body/operations/0/tag"],
    ["neither id nor tag", { operations: [{ projection: {} }] }, "/body/operations/0"],
    [
      "a field that the answer has not",
      { operations: [{ operation_id: "getProperty", projection: {}, fields: ["/nope"] }] },
      "/body/operations/0/fields/0",
    ],
    ["consent that is not described", { legal_basis: "art. 7 I" }, "/body/consent"],
    ["a reversed range", { object_scope: { contract_ranges: [{ from: 2, to: 1 }] } }, "/body/object_scope/contract_ranges/0/to"],
    ["places that the answer does not tell", { object_scope: { localities: [1] } }, "/body/object_scope"],
    [
      "an event within a scope",
      { object_scope: { matriculas: [1] }, events: [{ event_type: "client-transaction", variant: "whole" }] },
      "/body/object_scope",
    ],
    ["a network with host bits", { bindings: { origins: [], cidrs: ["10.0.0.1/8"], certificates: [] } }, "/body/bindings/cidrs/0"],
    [
      "an origin with a path",
      { bindings: { origins: ["https://a.example.com/x"], cidrs: [], certificates: [] } },
      "/body/bindings/origins/0",
    ],
    ["an unknown template", { template: "nope" }, "/body/template"],
    ["no purpose and no template", { purpose: undefined }, "/body/purpose"],
  ] as const)("%s is refused with its pointer", async (_, more, pointer) => {
    const before = await auditCount(base.db, fixture.tenantId);
    await expect(createLicense(ana, input({ ...more } as unknown as Partial<NewLicense>))).rejects.toMatchObject({
      code: "invalid-field",
      pointer,
    });
    expect(await auditCount(base.db, fixture.tenantId)).toBe(before);
  });

  test("a template fills what is left out, with the operations that the tenant serves", async () => {
    const { license_id } = await createLicense(ana, {
      partner_id: fixture.partner.partner_id,
      template: "field-service",
      name: "campo",
      ends_at: "2100-01-01T00:00:00Z",
      burst: 3,
    });
    expect((await getLicenseVersion(ana, at(license_id, 1))).content).toMatchObject({
      legal_basis: "art. 7 V",
      purpose: "Execução de ordens de serviço, cortes e religações",
      burst: 3,
      operations: [{ operation_id: "getProperty", projection: { address: "full" } }],
    });
  });

  test("in a demo tenant the operator's key makes an active license; people and other keys draft", async () => {
    const demo = await createTenantFixture(base.db, { demo: true });
    const asked = { ...input(), partner_id: demo.partner.partner_id };
    const keyed = contextWith(demo, ["operator"]);
    expect(await createLicense(keyed, asked)).toMatchObject({ state: "active", version: 1 });
    expect(await createLicense(keyed, { ...asked, state: "draft" })).toMatchObject({ state: "draft", version: 0 });
    expect(await createLicense(contextWith(demo, ["licenses:write"]), asked)).toMatchObject({ state: "draft" });
    expect(await createLicense(person(demo, "usr_d"), asked)).toMatchObject({ state: "draft" });
    expect(await createLicense(key, input())).toMatchObject({ state: "draft" });
  });
});

describe("effect", () => {
  test("last week's audited calls are counted by what they would have got", async () => {
    const license_id = await published({
      operations: [
        { operation_id: "getProperty", projection: { identity: "full" } },
        { operation_id: "getHealth", projection: {} },
      ],
    });
    const days = { recent: new Date(Date.now() - 2 * 86_400_000), old: new Date(Date.now() - 8 * 86_400_000) };
    await addCalls(license_id, "getProperty", 200, { at: days.recent, count: 3 });
    await addCalls(license_id, "getProperty", 404, { at: days.recent, count: 2 });
    await addCalls(license_id, "getProperty", 200, { at: days.old, count: 5 });
    await addCalls(license_id, "getHealth", 200, { at: days.recent, count: 4 });
    await addCalls(license_id, "listPayments", 404, { at: days.recent, count: 1 });
    await draftLicenseVersion(ana, {
      license_id,
      operations: [
        { operation_id: "getProperty", projection: { identity: "masked" } },
        { operation_id: "listPayments", projection: {} },
      ],
    });
    const { traffic } = await getLicenseEffect(ana, at(license_id, 2));
    expect(traffic).toMatchObject({
      operations: [
        { operation_id: "getHealth", calls: 4, answered: 4, outcome: "refused" },
        { operation_id: "getProperty", calls: 5, answered: 3, outcome: "narrower" },
        { operation_id: "listPayments", calls: 1, answered: 0, outcome: "opened" },
      ],
      refused: 4,
      narrower: 3,
    });
  });

  async function addCalls(license_id: string, operationId: string, status: number, more: { at: Date; count: number }): Promise<void> {
    await tenantTx(base.db, fixture.tenantId, async (tx) => {
      await sql`SELECT aqueduto.ensure_access_partitions(${more.at})`.execute(tx);
      for (let index = 0; index < more.count; index += 1)
        await sql`INSERT INTO access_entry (journal_id, counter, at, entry_id, phase, tenant_id, license_id, operation_id, method, route, status, code, request_id)
          VALUES (${newId("jrn")}, 1, ${more.at}, ${newId("aud")}, 'answer', ${fixture.tenantId}, ${license_id}, ${operationId}, 'GET', '/x', ${status}, 'ok', 'req_x')`.execute(
          tx,
        );
    });
  }
});

test("ending a license ends its tokens in the same transaction", async () => {
  const one = await createTenantFixture(base.db);
  const ctx = person(one, "usr_e");
  const held = await endLicense(ctx, { license_id: one.license.license_id, reason: "fim" });
  expect(held.revocation_id).toMatch(/^rev_/);
  expect((await listTokens(one.ctx, { access_id: one.access.access_id })).items).toMatchObject([{ state: "ended" }]);
});
