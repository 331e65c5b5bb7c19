import { afterAll, beforeAll, expect, test } from "vitest";
import { startTestAdmin, type TestAdmin } from "../../test/helpers/admin.ts";
import { createTestDatabase, type TestDatabase } from "../../test/helpers/database.ts";
import { createTenantFixture, type TenantFixture } from "../../test/helpers/tenant.ts";

let base: TestDatabase;
let fixture: TenantFixture;
let admin: TestAdmin;
let key: string;

beforeAll(async () => {
  base = await createTestDatabase();
  fixture = await createTenantFixture(base.db);
  key = fixture.apiKey;
  const node = { node_id: "nod_x", epoch: 1n, milliseconds: 2_000, in_force: false, latest: "2100-01-01T00:00:00.000Z" };
  admin = await startTestAdmin({
    db: base.db,
    keyring: fixture.keyring,
    policyInForce: async () => ({ state: "committed", nodes: [node], latest: "2100-01-01T00:00:00.000Z" }),
  });
});
afterAll(async () => {
  await admin[Symbol.asyncDispose]();
  await base[Symbol.asyncDispose]();
});

function body() {
  return {
    partner_id: fixture.partner.partner_id,
    name: "x",
    purpose: "x",
    legal_basis: "art. 7 V",
    ends_at: "2100-01-01T00:00:00Z",
    rate_per_second: 1,
    burst: 1,
    operations: [{ operation_id: "getProperty", projection: { identity: "masked" } }],
  };
}

const memberOf = (json: unknown, name: string): string => String(Reflect.get(Object(json), name));

test("a key's draft is changed by its ETag, submitted with its people, and published by no key", async () => {
  const made = await admin.send("POST", "/v1/licenses", { key, body: body() });
  expect(made).toMatchObject({ status: 201, json: { state: "draft", version: 0, approval_mode: { mode: "two_persons" } } });
  const at = `/v1/licenses/${memberOf(made.json, "license_id")}/versions/1`;
  expect(await admin.send("POST", `${at}/submit`, { key, body: {} })).toMatchObject({ status: 409, json: { code: "conflict" } });
  const people = { responsible: { name: "Ana" }, encarregado: { name: "Davi", email: "dpo@utility.example" } };
  expect((await admin.send("PATCH", at, { key, body: people })).status).toBe(428);
  const etag = (await admin.send("GET", at, { key })).headers.get("etag") ?? "";
  expect(await admin.send("PATCH", at, { key, body: people, headers: { "if-match": etag } })).toMatchObject({ status: 200, json: people });
  expect((await admin.send("PATCH", at, { key, body: people, headers: { "if-match": etag } })).status).toBe(412);
  expect(await admin.send("POST", `${at}/submit`, { key, body: {} })).toMatchObject({ status: 200, json: { state: "submitted" } });
  const effect = await admin.send("GET", `${at}/effect`, { key });
  expect(effect).toMatchObject({ status: 200, json: { against: null, needs_second_person: true } });
  for (const verb of ["approve", "publish"])
    expect((await admin.send("POST", `${at}/${verb}`, { key, body: { effect: memberOf(effect.json, "effect") } })).status).toBe(403);
});

test("a suspension that a node has not confirmed is told as committed, with its revocation", async () => {
  const reply = await admin.send("POST", `/v1/licenses/${fixture.license.license_id}/suspend`, { key, body: { reason: "x" } });
  expect(reply).toMatchObject({
    status: 202,
    json: { license: { state: "suspended" }, state: "committed", nodes: [{ node_id: "nod_x" }] },
  });
  const proof = await admin.send("GET", `/v1/revocations/${memberOf(reply.json, "revocation_id")}`, { key });
  expect(proof).toMatchObject({ status: 200, json: { what: "license.suspend" } });
});

test.each([
  ["a basis of no list", { legal_basis: "art. 8" }],
  ["an unknown member", { purposes: "x" }],
  ["an e-mail that is none", { responsible: { name: "x", email: "x" } }],
  ["too many matrículas", { object_scope: { matriculas: Array.from({ length: 100_001 }, (_, index) => index + 1) } }],
  ["a quota of nothing", { quota_day: 0 }],
] as const)("%s is refused with its pointer", async (_, more) => {
  const reply = await admin.send("POST", "/v1/licenses", { key, body: { ...body(), ...more } });
  expect(reply.status).toBe(422);
  expect(memberOf(reply.json, "pointer")).toMatch(/^\/body/);
});

test("the longest list of matrículas fits in a request and comes back whole", async () => {
  const matriculas = Array.from({ length: 100_000 }, (_, index) => 999_999_999 - index).toReversed();
  const made = await admin.send("POST", "/v1/licenses", { key, body: { ...body(), object_scope: { matriculas } } });
  expect(made).toMatchObject({ status: 201, json: { object_scope: { matriculas: { count: 100_000 } } } });
  const reply = await admin.send("GET", `/v1/licenses/${memberOf(made.json, "license_id")}/versions/1/matriculas`, { key });
  expect(reply.json).toEqual({ matriculas });
});
