import { afterAll, beforeAll, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../../../test/helpers/database.ts";
import { auditCount, auditOf, contextWith, createTenantFixture, fixtureOpenapi } from "../../../test/helpers/tenant.ts";
import { tenantTx } from "../../db/tx.ts";
import { Secret } from "../../platform/secret.ts";
import { unseal } from "../../platform/seal.ts";
import { listOperations } from "../operation/list.ts";
import { listServiceVersions } from "./list-versions.ts";
import { listServices } from "./list.ts";
import { registerService, type ServiceInput } from "./register.ts";

let base: TestDatabase;
beforeAll(async () => {
  base = await createTestDatabase();
});
afterAll(() => base[Symbol.asyncDispose]());

function input(more: Partial<ServiceInput> = {}): ServiceInput {
  return {
    name: "base",
    liveUrl: "http://127.0.0.1:4000",
    sandboxUrl: null,
    credential: new Secret("the credential"),
    identityKey: Buffer.alloc(32, 7),
    openapi: fixtureOpenapi,
    ...more,
  };
}

/** The fixture's document with its paths changed. */
function openapiWith(change: (paths: Record<string, unknown>) => Record<string, unknown>): unknown {
  return { ...fixtureOpenapi, paths: change(fixtureOpenapi.paths) };
}

test("a service's secrets are sealed to their row and shown nowhere", async () => {
  const { ctx, serviceId, serviceCredential, identityKey, keyring } = await createTenantFixture(base.db);
  const row = await tenantTx(base.db, ctx.tenantId, (tx) =>
    tx
      .selectFrom("service")
      .select(["credential_sealed", "identity_key_sealed"])
      .where("service_id", "=", serviceId)
      .executeTakeFirstOrThrow(),
  );
  expect(unseal(keyring.data, row.credential_sealed, `service.credential:${serviceId}`).toString()).toBe(serviceCredential);
  expect(unseal(keyring.data, row.identity_key_sealed, `service.identity_key:${serviceId}`)).toEqual(identityKey);
  const shown = [await listServices(ctx, {}), await auditOf(base.db, ctx.tenantId, serviceId)];
  expect(JSON.stringify(shown)).not.toContain(serviceCredential);
  expect(shown[1]).toMatchObject([{ action: "service.register" }]);
});

test("operations are listed by id with the classes of their answers", async () => {
  const { ctx } = await createTenantFixture(base.db);
  const { items } = await listOperations(ctx, {});
  expect(items.map((item) => [item.operation_id, item.publishable, item.classes])).toEqual([
    ["getHealth", true, ["technical"]],
    ["getProperty", false, ["contact", "financial", "identity", "indirect", "technical"]],
    ["listPayments", false, ["financial"]],
  ]);
  expect((await listOperations(ctx, { limit: 1, cursor: "getHealth" })).items.map((item) => item.operation_id)).toEqual(["getProperty"]);
});

test("registering the name again replaces URL, credentials and operations under the same id", async () => {
  const { ctx, serviceId } = await createTenantFixture(base.db);
  const { "/v1/properties/{matricula}/payments": payments, ...rest } = fixtureOpenapi.paths;
  expect(payments).toBeDefined();
  const again = await registerService(ctx, input({ openapi: openapiWith(() => rest) }));
  expect(again).toEqual({ service_id: serviceId, operation_ids: ["getProperty", "getHealth"] });
  expect((await listServices(ctx, {})).items).toMatchObject([
    { service_id: serviceId, live_url: "http://127.0.0.1:4000", sandbox_url: null },
  ]);
  expect((await listOperations(ctx, {})).items.map((item) => item.operation_id)).toEqual(["getHealth", "getProperty"]);
});

test("registering the same document again makes no new version; another one does, with its diff", async () => {
  const { ctx, serviceId } = await createTenantFixture(base.db);
  await registerService(ctx, input());
  expect((await listServiceVersions(ctx, { service_id: serviceId })).items.map((one) => one.version)).toEqual([1]);
  await registerService(ctx, input({ openapi: { ...fixtureOpenapi, info: { title: "Another", version: "2" } } }));
  expect((await listServiceVersions(ctx, { service_id: serviceId })).items).toMatchObject([
    { version: 2, diff: { breaking: false } },
    { version: 1 },
  ]);
});

test("operations may exchange their paths", async () => {
  const { ctx } = await createTenantFixture(base.db);
  const { "/v1/health": health, ...rest } = fixtureOpenapi.paths;
  const moved = openapiWith(() => ({ ...rest, "/v1/alive": health }));
  await registerService(ctx, input({ openapi: moved }));
  expect((await listOperations(ctx, {})).items.find((item) => item.operation_id === "getHealth")?.path).toBe("/v1/alive");
  const property = fixtureOpenapi.paths["/v1/properties/{matricula}"];
  const payments = fixtureOpenapi.paths["/v1/properties/{matricula}/payments"];
  const swapped = openapiWith(() => ({
    "/v1/health": health,
    "/v1/properties/{matricula}": payments,
    "/v1/properties/{matricula}/payments": property,
  }));
  await registerService(ctx, input({ openapi: swapped }));
  expect((await listOperations(ctx, {})).items.map((item) => [item.operation_id, item.path])).toEqual([
    ["getHealth", "/v1/health"],
    ["getProperty", "/v1/properties/{matricula}/payments"],
    ["listPayments", "/v1/properties/{matricula}"],
  ]);
});

test("an operation that a license holds cannot disappear", async () => {
  const { ctx } = await createTenantFixture(base.db);
  const { "/v1/health": health } = fixtureOpenapi.paths;
  const before = await listOperations(ctx, {});
  await expect(registerService(ctx, input({ openapi: openapiWith(() => ({ "/v1/health": health })) }))).rejects.toMatchObject({
    code: "conflict",
  });
  expect(await listOperations(ctx, {})).toEqual(before);
});

test("two services of a tenant cannot answer the same requests", async () => {
  const { ctx } = await createTenantFixture(base.db);
  await expect(registerService(ctx, input({ name: "second" }))).rejects.toMatchObject({ code: "conflict" });
  const renamed = { ...fixtureOpenapi.paths["/v1/health"].get, operationId: "getOther" };
  await expect(
    registerService(ctx, input({ name: "second", openapi: openapiWith(() => ({ "/v1/health": { get: renamed } })) })),
  ).rejects.toMatchObject({
    code: "conflict",
  });
  expect((await listServices(ctx, {})).items).toHaveLength(1);
});

test("a URL with a path, without a scheme, or none at all is refused", async () => {
  const { ctx } = await createTenantFixture(base.db);
  for (const urls of [{ liveUrl: "http://a.example/x" }, { liveUrl: "a.example" }, { liveUrl: "file:///etc" }, { liveUrl: null }]) {
    await expect(registerService(ctx, input(urls))).rejects.toMatchObject({ code: "invalid-field" });
  }
});

test("a key without services:write changes nothing", async () => {
  const fixture = await createTenantFixture(base.db);
  const before = await auditCount(base.db, fixture.tenantId);
  await expect(registerService(contextWith(fixture, ["services:read"]), input())).rejects.toMatchObject({ code: "forbidden" });
  expect(await auditCount(base.db, fixture.tenantId)).toBe(before);
});
