import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../../../test/helpers/database.ts";
import { auditCount, auditOf, contextWith, createTenantFixture, fixtureOpenapi } from "../../../test/helpers/tenant.ts";
import type { NewService } from "../../contract/service.ts";
import { tenantTx } from "../../db/tx.ts";
import { loadPolicy } from "../../gateway/snapshot-loader.ts";
import { gsanOpenapi } from "../../gsan/catalog/load-catalog.ts";
import { unseal } from "../../platform/seal.ts";
import { changeOperation } from "../operation/change.ts";
import { getOperation } from "../operation/get.ts";
import { listOperations } from "../operation/list.ts";
import { changeService } from "./change.ts";
import { createService } from "./create.ts";
import { diffServiceOpenapi, lintDocument } from "./diff-openapi.ts";
import { getOpenapi, getService } from "./get.ts";
import { listServiceVersions } from "./list-versions.ts";
import { listServices } from "./list.ts";
import { replaceOpenapi } from "./replace-openapi.ts";
import { rotateCredential, rotateIdentityKey } from "./rotate-secrets.ts";

let base: TestDatabase;
beforeAll(async () => {
  base = await createTestDatabase();
});
afterAll(() => base[Symbol.asyncDispose]());

const leaf = (type: string, lgpd: string) => ({ type, "x-lgpd": lgpd });
const other = (more: object = {}, paths: object = {}) => ({
  openapi: "3.0.3",
  paths: {
    "/v2/other": {
      get: {
        operationId: "getOther",
        summary: "Other",
        tags: ["second"],
        responses: { 200: { content: { "application/json": { schema: { type: "object", properties: { a: leaf("string", "none") } } } } } },
        ...more,
      },
    },
    ...paths,
  },
});

function input(more: Partial<NewService> = {}): NewService {
  return {
    name: "second",
    openapi: other(),
    targets: { live: ["https://a.example", "https://b.example"], sandbox: [] },
    credential: "the-credential-1",
    ...more,
  };
}

test("a service is registered with its targets, version 1 and an identity key that is given once", async () => {
  const { ctx, keyring } = await createTenantFixture(base.db);
  const made = await createService(ctx, input({ status_map: { "403": "not-found" }, health_check: { path: "/up", every_seconds: 60 } }));
  const { identity_key, findings, ...shown } = made;
  expect(shown).toMatchObject({
    name: "second",
    version: 1,
    live_url: "https://a.example",
    sandbox_url: null,
    targets: { live: ["https://a.example", "https://b.example"], sandbox: [] },
    status_map: { "403": "not-found" },
    health_check: { path: "/up", every_seconds: 60 },
    operations: 1,
  });
  expect(findings).toEqual([]);
  expect(await getService(ctx, made)).toEqual(shown);
  const row = await tenantTx(base.db, ctx.tenantId, (tx) =>
    tx
      .selectFrom("service")
      .select(["credential_sealed", "identity_key_sealed"])
      .where("service_id", "=", made.service_id)
      .executeTakeFirstOrThrow(),
  );
  expect(unseal(keyring.data, row.credential_sealed, `service.credential:${made.service_id}`).toString()).toBe("the-credential-1");
  expect(unseal(keyring.data, row.identity_key_sealed, `service.identity_key:${made.service_id}`).toString("base64url")).toBe(identity_key);
  const audit = await auditOf(base.db, ctx.tenantId, made.service_id);
  expect(audit).toMatchObject([{ action: "service.register", detail: { name: "second", operations: ["getOther"] } }]);
  expect(JSON.stringify([audit, shown])).not.toContain("the-credential-1");
  expect(JSON.stringify([audit, shown])).not.toContain(identity_key);
  expect((await listOperations(ctx, { tag: "second" })).items.map((one) => one.operation_id)).toEqual(["getOther"]);
});

test.each<[string, Partial<NewService>, object]>([
  ["a name that is taken", { name: "base" }, { code: "conflict", pointer: "/body/name" }],
  ["no target", { targets: { live: [], sandbox: [] } }, { code: "invalid-field", pointer: "/body/targets" }],
  ["a target with a path", { targets: { live: ["https://a.example/x"], sandbox: [] } }, { pointer: "/body/targets/live/0" }],
  ["a target with a user", { targets: { live: ["https://u:p@a.example"], sandbox: [] } }, { pointer: "/body/targets/live/0" }],
  [
    "a target twice",
    { targets: { live: [], sandbox: ["https://a.example", "https://a.example"] } },
    { pointer: "/body/targets/sandbox/1" },
  ],
  [
    "a pattern that is none",
    { openapi: other({ parameters: [{ name: "q", in: "query", schema: { type: "string", "x-lgpd": "none", pattern: "(" } }] }) },
    { code: "invalid-field", pointer: "/body/openapi/paths/~1v2~1other/get/parameters/0/schema/pattern" },
  ],
  [
    "a bound that is none",
    { openapi: other({ parameters: [{ name: "q", in: "query", schema: { type: "string", "x-lgpd": "none", minLength: "1" } }] }) },
    {
      code: "invalid-field",
      pointer: "/body/openapi/paths/~1v2~1other/get",
      message: "getOther: the schema of parameter q is not valid JSON Schema at /minLength",
    },
  ],
  [
    "an enum of nothing",
    { openapi: other({ parameters: [{ name: "q", in: "query", schema: { type: "string", "x-lgpd": "none", enum: [] } }] }) },
    { code: "invalid-field", message: "getOther: the schema of parameter q is not valid JSON Schema at its root" },
  ],
  [
    "an external reference",
    { openapi: other({ responses: { 200: { content: { "application/json": { schema: { $ref: "http://127.0.0.1:1/s" } } } } } }) },
    { code: "invalid-field" },
  ],
  ["requests that another service answers", { openapi: fixtureOpenapi }, { code: "conflict" }],
])("%s is refused and nothing is registered", async (_name, more, refusal) => {
  const { ctx } = await createTenantFixture(base.db);
  const before = await auditCount(base.db, ctx.tenantId);
  await expect(createService(ctx, input(more))).rejects.toMatchObject(refusal);
  expect(await auditCount(base.db, ctx.tenantId)).toBe(before);
  expect((await listServices(ctx, {})).items).toHaveLength(1);
});

test("the next version of a document is diffed, stored and listed", async () => {
  const { ctx } = await createTenantFixture(base.db);
  const { service_id } = await createService(ctx, input());
  const next = other(
    { summary: "Other, again" },
    { "/v2/new": { get: { operationId: "getNew", summary: "New", responses: { 204: {} } } } },
  );
  const shown = await diffServiceOpenapi(ctx, { service_id, openapi: next });
  expect(shown).toMatchObject({ findings: [], diff: { added: ["getNew"], removed: [], breaking: false }, held: [] });
  const { service, diff } = await replaceOpenapi(ctx, { service_id, openapi: next });
  expect(diff).toEqual(shown.diff);
  expect(service).toMatchObject({ version: 2, operations: 2 });
  const versions = await listServiceVersions(ctx, { service_id });
  expect(versions.items).toMatchObject([
    { version: 2, actor_kind: "system", diff: { added: ["getNew"] } },
    { version: 1, diff: null },
  ]);
  expect((await listServiceVersions(ctx, { service_id, limit: 1, cursor: "2" })).items.map((one) => one.version)).toEqual([1]);
  expect(await getOpenapi(ctx, { service_id })).toEqual({ version: 2, openapi: next });
  expect(await getOpenapi(ctx, { service_id, version: 1 })).toEqual({ version: 1, openapi: other() });
  await expect(getOpenapi(ctx, { service_id, version: 3 })).rejects.toMatchObject({ code: "not-found" });
  expect(await auditOf(base.db, ctx.tenantId, service_id)).toMatchObject([
    { action: "service.register" },
    { action: "service.describe", detail: { version: 2, added: ["getNew"], changed: ["getOther"], breaking: false } },
  ]);
});

test("a breaking document needs to be accepted, with a reason", async () => {
  const { ctx } = await createTenantFixture(base.db);
  const { service_id } = await createService(ctx, input());
  const openapi = other({ operationId: "getOther2" });
  await expect(replaceOpenapi(ctx, { service_id, openapi })).rejects.toMatchObject({ code: "conflict", pointer: "/body/accept_breaking" });
  await expect(replaceOpenapi(ctx, { service_id, openapi, accept_breaking: true })).rejects.toMatchObject({ pointer: "/body/reason" });
  expect((await getService(ctx, { service_id })).version).toBe(1);
  const { diff } = await replaceOpenapi(ctx, { service_id, openapi, accept_breaking: true, reason: "new name" });
  expect(diff).toMatchObject({ added: ["getOther2"], removed: ["getOther"], breaking: true });
  expect((await listServiceVersions(ctx, { service_id })).items[0]).toMatchObject({ reason: "new name" });
});

test("an operation that licenses hold cannot be removed: the refusal names the licenses, and so does the diff before", async () => {
  const { ctx, serviceId, license } = await createTenantFixture(base.db);
  const { "/v1/health": health } = fixtureOpenapi.paths;
  const openapi = { ...fixtureOpenapi, paths: { "/v1/health": health } };
  const { held } = await diffServiceOpenapi(ctx, { service_id: serviceId, openapi });
  expect(held).toEqual([{ operation_id: "getProperty", license_ids: [license.license_id] }]);
  await expect(replaceOpenapi(ctx, { service_id: serviceId, openapi, accept_breaking: true, reason: "x" })).rejects.toMatchObject({
    code: "conflict",
    message: expect.stringContaining(license.license_id),
  });
  const described = structuredClone(fixtureOpenapi) as { paths: { "/v1/health": { get: object } } };
  Object.assign(described.paths["/v1/health"].get, { "x-upstream": { method: "GET", path: "/x" }, "x-publishable": false });
  await expect(
    replaceOpenapi(ctx, { service_id: serviceId, openapi: described, accept_breaking: true, reason: "x" }),
  ).rejects.toMatchObject({ code: "conflict", message: expect.stringContaining("getHealth") });
});

test("a described operation is shown with its mapping, and neither verb nor statement can grant it", async () => {
  const { ctx, license } = await createTenantFixture(base.db);
  const upstream = { method: "GET", path: "/gsan/x" };
  const { service_id } = await createService(ctx, input({ openapi: other({ "x-upstream": upstream }) }));
  expect(await getOperation(ctx, { service_id, operation_id: "getOther" })).toMatchObject({ state: "described", upstream });
  const grant = tenantTx(base.db, ctx.tenantId, (tx) =>
    tx
      .insertInto("license_operation")
      .values({ tenant_id: ctx.tenantId, license_id: license.license_id, operation_id: "getOther", projection: "{}" })
      .execute(),
  );
  await expect(grant).rejects.toMatchObject({ code: "23514" });
});

test("the GSAN catalogue is registered whole, beside another service; the gateway routes none of it", async () => {
  const { ctx } = await createTenantFixture(base.db);
  const made = await createService(ctx, input({ name: "gsan", openapi: gsanOpenapi }));
  expect(made.findings.filter((finding) => finding.severity === "error")).toEqual([]);
  const { items } = await listOperations(ctx, { service_id: made.service_id, limit: 200 });
  expect(items).toHaveLength(made.operations);
  expect(new Set(items.map((operation) => operation.state))).toEqual(new Set(["described"]));
  const ignore = () => undefined;
  const nothing = { reserve: ignore, addClients: ignore, addAccesses: ignore, addTokens: ignore };
  const policy = await loadPolicy(base.db, { known: undefined }, nothing);
  const routed = typeof policy === "object" ? policy.licensing?.operations : undefined;
  expect(routed?.some((row) => row.tenant_id === ctx.tenantId && row.operation_id === "getProperty")).toBe(true);
  expect(routed?.filter((row) => row.service_id === made.service_id)).toEqual([]);
});

test("name, targets, health check and statuses change; what is not given stays", async () => {
  const { ctx } = await createTenantFixture(base.db);
  const made = await createService(ctx, input({ status_map: { "418": "conflict" } }));
  const changed = await changeService(ctx, { service_id: made.service_id, targets: { live: [], sandbox: ["http://127.0.0.1:4000"] } });
  expect(changed).toMatchObject({
    name: "second",
    live_url: null,
    sandbox_url: "http://127.0.0.1:4000",
    status_map: { "418": "conflict" },
  });
  await expect(changeService(ctx, { service_id: made.service_id, name: "base" })).rejects.toMatchObject({ code: "conflict" });
  expect(await auditOf(base.db, ctx.tenantId, made.service_id)).toMatchObject([
    { action: "service.register" },
    { action: "service.change", detail: { changed: ["targets"] } },
  ]);
});

test("credential and identity key are replaced with a reason in the audit and nothing of the secret", async () => {
  const { ctx, serviceId, keyring } = await createTenantFixture(base.db);
  await rotateCredential(ctx, { service_id: serviceId, credential: "another-credential", reason: "yearly" });
  const { identity_key } = await rotateIdentityKey(ctx, { service_id: serviceId, reason: "leaked" });
  const row = await tenantTx(base.db, ctx.tenantId, (tx) =>
    tx
      .selectFrom("service")
      .select(["credential_sealed", "identity_key_sealed"])
      .where("service_id", "=", serviceId)
      .executeTakeFirstOrThrow(),
  );
  expect(unseal(keyring.data, row.credential_sealed, `service.credential:${serviceId}`).toString()).toBe("another-credential");
  expect(unseal(keyring.data, row.identity_key_sealed, `service.identity_key:${serviceId}`).toString("base64url")).toBe(identity_key);
  const audit = await auditOf(base.db, ctx.tenantId, serviceId);
  expect(audit.slice(1)).toMatchObject([
    { action: "service.rotate_credential", detail: { reason: "yearly" } },
    { action: "service.rotate_identity_key", detail: { reason: "leaked" } },
  ]);
  expect(JSON.stringify(audit)).not.toMatch(new RegExp(`another-credential|${identity_key}`));
});

test("an operation's deadline and dates are the operator's: a new document leaves them", async () => {
  const { ctx, serviceId } = await createTenantFixture(base.db);
  const key = { service_id: serviceId, operation_id: "getHealth" };
  const dates = { deprecated_at: "2027-01-01T00:00:00.000Z", sunset_at: "2027-06-01T00:00:00.000Z" };
  expect(await changeOperation(ctx, { ...key, timeout_ms: 900, ...dates })).toMatchObject({ timeout_ms: 900, ...dates });
  await replaceOpenapi(ctx, { service_id: serviceId, openapi: { ...fixtureOpenapi, info: { title: "again", version: "2" } } });
  expect(await getOperation(ctx, key)).toMatchObject({ timeout_ms: 900, ...dates });
  expect(await changeOperation(ctx, { ...key, timeout_ms: null, sunset_at: null })).toMatchObject({ timeout_ms: 4500, sunset_at: null });
  for (const sunset_at of ["2026-01-01T00:00:00Z"])
    await expect(changeOperation(ctx, { ...key, sunset_at })).rejects.toMatchObject({ pointer: "/body/sunset_at" });
  await expect(changeOperation(ctx, { ...key, deprecated_at: null, sunset_at: dates.sunset_at })).rejects.toMatchObject({
    code: "invalid-field",
  });
  expect((await auditOf(base.db, ctx.tenantId, "getHealth")).map((entry) => entry.action)).toEqual([
    "operation.change",
    "operation.change",
  ]);
});

test("another tenant's service is not there, and a key without the scope changes nothing", async () => {
  const mine = await createTenantFixture(base.db);
  const theirs = await createTenantFixture(base.db);
  const service_id = theirs.serviceId;
  const verbs = [
    () => getService(mine.ctx, { service_id }),
    () => changeService(mine.ctx, { service_id, name: "x" }),
    () => replaceOpenapi(mine.ctx, { service_id, openapi: other() }),
    () => diffServiceOpenapi(mine.ctx, { service_id, openapi: other() }),
    () => rotateCredential(mine.ctx, { service_id, credential: "x", reason: "x" }),
    () => rotateIdentityKey(mine.ctx, { service_id, reason: "x" }),
    () => listServiceVersions(mine.ctx, { service_id }),
    () => getOpenapi(mine.ctx, { service_id }),
    () => getOperation(mine.ctx, { service_id, operation_id: "getHealth" }),
    () => changeOperation(mine.ctx, { service_id, operation_id: "getHealth", timeout_ms: 1 }),
  ];
  const before = await auditCount(base.db, theirs.tenantId);
  for (const verb of verbs) await expect(verb()).rejects.toMatchObject({ code: "not-found" });
  const reader = contextWith(mine, ["services:read"]);
  const refused = [
    () => createService(reader, input()),
    () => changeService(reader, { service_id: mine.serviceId, name: "x" }),
    () => replaceOpenapi(reader, { service_id: mine.serviceId, openapi: other() }),
    () => rotateCredential(reader, { service_id: mine.serviceId, credential: "x", reason: "x" }),
    () => rotateIdentityKey(reader, { service_id: mine.serviceId, reason: "x" }),
    () => changeOperation(reader, { service_id: mine.serviceId, operation_id: "getHealth", timeout_ms: 1 }),
  ];
  for (const verb of refused) await expect(verb()).rejects.toMatchObject({ code: "forbidden" });
  expect(await auditCount(base.db, theirs.tenantId)).toBe(before);
});

test("whatever is uploaded is an answer or a refusal with a pointer", async () => {
  const { ctx } = await createTenantFixture(base.db);
  const before = await auditCount(base.db, ctx.tenantId);
  await fc.assert(
    fc.asyncProperty(fc.jsonValue(), async (openapi) => {
      const { findings } = await lintDocument(ctx, { openapi });
      expect(findings.some((finding) => finding.severity === "error")).toBe(true);
      await expect(createService(ctx, input({ openapi }))).rejects.toMatchObject({
        code: "invalid-field",
        pointer: expect.stringMatching(/^\/body\/openapi/),
      });
    }),
    { numRuns: 50 },
  );
  expect(await auditCount(base.db, ctx.tenantId)).toBe(before);
});
