import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startTestAdmin, type TestAdmin, type TestReply } from "../../test/helpers/admin.ts";
import { createTestDatabase, type TestDatabase } from "../../test/helpers/database.ts";
import { auditCount, auditOf, createTenantFixture, type TenantFixture } from "../../test/helpers/tenant.ts";
import { createAccess } from "../control/access/create.ts";
import { createClientApplication } from "../control/client/create.ts";

let base: TestDatabase;
let fixture: TenantFixture;
let admin: TestAdmin;
beforeAll(async () => {
  base = await createTestDatabase();
  fixture = await createTenantFixture(base.db);
  admin = await startTestAdmin({ db: base.db, keyring: fixture.keyring });
});
afterAll(async () => {
  await admin[Symbol.asyncDispose]();
  await base[Symbol.asyncDispose]();
});

function send(method: string, path: string, more: { body?: unknown; headers?: Record<string, string> } = {}): Promise<TestReply> {
  return admin.send(method, path, { key: fixture.apiKey, ...more });
}

describe("Idempotency-Key", () => {
  const create = (key: string, body: unknown) => send("POST", "/v1/partners", { body, headers: { "idempotency-key": key } });

  test("a repetition gets the first reply, says so, and makes nothing", async () => {
    const first = await create("a1", { name: "Banco" });
    const before = await auditCount(base.db, fixture.tenantId);
    const second = await create("a1", { name: "Banco" });
    expect([first.status, first.headers.get("idempotent-replayed")]).toEqual([201, null]);
    expect([second.status, second.headers.get("idempotent-replayed"), second.json]).toEqual([201, "true", first.json]);
    expect(await auditCount(base.db, fixture.tenantId)).toBe(before);
  });

  test("without it every call makes something", async () => {
    const [one, two] = [
      await send("POST", "/v1/partners", { body: { name: "x" } }),
      await send("POST", "/v1/partners", { body: { name: "x" } }),
    ];
    expect(one.json).not.toEqual(two.json);
  });

  test("another request under the same key is 409 with its pointer; a refused one can be put right", async () => {
    await create("a2", { name: "Banco" });
    expect(await create("a2", { name: "Outro" })).toMatchObject({
      status: 409,
      json: { code: "conflict", pointer: "/headers/idempotency-key" },
    });
    expect((await create("a3", {})).status).toBe(422);
    expect((await create("a3", { name: "x" })).status).toBe(201);
  });

  test.each(["", "x".repeat(129), "a b"])("a key of another form is refused: %j", async (key) => {
    const reply = await create(key, { name: "x" });
    expect(reply).toMatchObject({ status: 422, json: { pointer: "/headers/idempotency-key" } });
  });

  test("a token is shown once: its repetition has the ids and never the token", async () => {
    const client = await createClientApplication(fixture.ctx, { partner_id: fixture.partner.partner_id, name: "once" });
    const access = await createAccess(fixture.ctx, {
      client_id: client.client_id,
      license_id: fixture.license.license_id,
      kind: "confidential",
      mode: "live",
      cidrs: ["10.0.0.0/8"],
    });
    const make = () => send("POST", `/v1/accesses/${access.access_id}/tokens`, { body: {}, headers: { "idempotency-key": "t1" } });
    const [first, second] = [await make(), await make()];
    const token: unknown = Reflect.get(Object(first.json), "token");
    expect([first.status, second.status, typeof token]).toEqual([201, 201, "string"]);
    expect(second.text).not.toContain(String(token));
    expect(second.json).toEqual({ ...Object(first.json), token: undefined, secret_shown: false });
  });
});

describe("ETag and If-Match", () => {
  const path = () => `/v1/webhooks/${fixture.webhook.webhook_id}`;
  const change = (headers: Record<string, string>, body: unknown) => send("PATCH", path(), { headers, body });

  test("the same state has the same strong tag, a change has another", async () => {
    const [one, two] = [await send("GET", path()), await send("GET", path())];
    const etag = one.headers.get("etag") ?? "";
    expect(etag).toMatch(/^"[\w-]{27}"$/);
    expect(two.headers.get("etag")).toBe(etag);
    expect((await change({ "if-match": etag }, { max_batch: 7 })).json).toMatchObject({ max_batch: 7 });
    expect((await send("GET", path())).headers.get("etag")).not.toBe(etag);
    expect(await auditOf(base.db, fixture.tenantId, fixture.webhook.webhook_id)).toMatchObject([
      { action: "webhook.create" },
      { action: "webhook.update", detail: { changed: ["max_batch"] } },
    ]);
  });

  test("a change without If-Match is 428, by an old tag 412, and neither changes anything", async () => {
    const old = (await send("GET", path())).headers.get("etag") ?? "";
    await change({ "if-match": old }, { name: "renamed" });
    const before = await auditCount(base.db, fixture.tenantId);
    expect(await change({}, { max_batch: 9 })).toMatchObject({
      status: 428,
      json: { code: "precondition-required", pointer: "/headers/if-match" },
    });
    for (const tag of [old, `W/${old}`, "nonsense", `"x", ${old}`])
      expect(await change({ "if-match": tag }, { max_batch: 9 })).toMatchObject({ status: 412, json: { code: "precondition-failed" } });
    expect(await auditCount(base.db, fixture.tenantId)).toBe(before);
    expect((await change({ "if-match": "*" }, { max_batch: 9 })).status).toBe(200);
  });

  test("of two that saw the same state one changes it", async () => {
    const etag = (await send("GET", path())).headers.get("etag") ?? "";
    const replies = await Promise.all([1, 2].map((n) => change({ "if-match": etag }, { name: `racer ${n}` })));
    expect(replies.map((reply) => reply.status).toSorted((a, b) => a - b)).toEqual([200, 412]);
  });

  test("another URL makes the webhook pending again", async () => {
    const etag = (await send("GET", path())).headers.get("etag") ?? "";
    expect((await change({ "if-match": etag }, { url: "https://hooks.example.com/new" })).json).toMatchObject({ state: "pending" });
    expect(await change({ "if-match": "*" }, { url: "http://127.0.0.1/" })).toMatchObject({ status: 422, json: { pointer: "/body/url" } });
    expect(await change({ "if-match": "*" }, { event_types: ["nope"] })).toMatchObject({
      status: 422,
      json: { pointer: "/body/event_types/0" },
    });
  });
});

test("problem titles speak the caller's language, codes and details do not change", async () => {
  const ask = (language: string) => admin.send("GET", "/v1/partners", { headers: { "accept-language": language } });
  const [pt, en] = [await ask("pt-BR,pt;q=0.9,en;q=0.5"), await ask("fr")];
  expect(pt.json).toMatchObject({ code: "unauthorized", title: "É necessária uma credencial válida" });
  expect(en.json).toMatchObject({ code: "unauthorized", title: "A valid credential is required" });
  expect([pt.headers.get("content-language"), en.headers.get("content-language"), pt.headers.get("vary")]).toEqual([
    "pt-BR",
    "en",
    "accept-language",
  ]);
});

test("the API describes itself to whoever has a key, and to nobody else", async () => {
  const reply = await send("GET", "/v1/openapi.json");
  expect(reply.json).toMatchObject({ openapi: "3.1.1", paths: { "/v1/openapi.json": { get: { operationId: "getOpenapiJson" } } } });
  expect((await admin.send("GET", "/v1/openapi.json")).status).toBe(401);
});
