import { afterAll, beforeAll, expect, test } from "vitest";
import { startTestAdmin, type TestAdmin } from "../../test/helpers/admin.ts";
import { createTestDatabase, type TestDatabase } from "../../test/helpers/database.ts";
import { auditCount, createTenantFixture, fixtureOpenapi, testKeyring, type TenantFixture } from "../../test/helpers/tenant.ts";
import { openIncident } from "../control/incident/open.ts";

let base: TestDatabase;
let admin: TestAdmin;
let fixture: TenantFixture;

beforeAll(async () => {
  base = await createTestDatabase();
  const keyring = testKeyring();
  fixture = await createTenantFixture(base.db, { keyring });
  admin = await startTestAdmin({ db: base.db, keyring, ownPlaces: () => [{ host: "127.0.0.1", port: 7777 }] });
});
afterAll(async () => {
  await admin[Symbol.asyncDispose]();
  await base[Symbol.asyncDispose]();
});

const month = new Date().toISOString().slice(0, 7);

test("the record of processing leaves as lines of JSON or as CSV, and each export is audited", async () => {
  const before = await auditCount(base.db, fixture.tenantId);
  const lines = await admin.send("POST", "/v1/processing-record/export", { key: fixture.apiKey, body: { from: month } });
  expect(lines.status).toBe(200);
  expect(lines.headers.get("content-type")).toBe("application/x-ndjson");
  const rows = lines.text.trimEnd().split("\n");
  const csv = await admin.send("POST", "/v1/processing-record/export", { key: fixture.apiKey, body: { from: month, format: "csv" } });
  expect(csv.headers.get("content-type")).toBe("text/csv; charset=utf-8");
  expect(csv.text.split("\r\n")).toHaveLength(rows.length + 2);
  expect(csv.text).toMatch(/^"period_from";"period_to";"partner_id";/);
  expect(csv.text).toContain('"getProperty"');
  expect(await auditCount(base.db, fixture.tenantId)).toBe(before + 2);
});

test("a cell that a spreadsheet would run is defused in the export of the register", async () => {
  await openIncident(fixture.ctx, {
    title: '=HYPERLINK("http://x")',
    description: "linha um\nlinha dois",
    known_at: "2026-01-01T00:00:00Z",
  });
  const csv = await admin.send("POST", "/v1/incident-register/export", { key: fixture.apiKey, body: { format: "csv" } });
  expect(csv.text).toContain(`"'=HYPERLINK(""http://x"")"`);
  expect(csv.text).toContain('"linha um\nlinha dois"');
  const lines = await admin.send("POST", "/v1/incident-register/export", { key: fixture.apiKey });
  expect(JSON.parse(lines.text.trimEnd())).toMatchObject({ title: '=HYPERLINK("http://x")' });
});

test.each([{ from: "2026-13" }, { from: "2026-02", to: "2026-01" }, {}, { from: month, x: 1 }, { from: month, format: "xls" }])(
  "the period %j is refused with a status of its own",
  async (body) => {
    const reply = await admin.send("POST", "/v1/processing-record/export", { key: fixture.apiKey, body });
    expect(reply).toMatchObject({ status: 422, json: { code: "invalid-field", pointer: expect.stringMatching(/^\/body/) } });
  },
);

test("a document is registered, compared and registered again over HTTP, with If-Match; what is hostile is refused and changes nothing", async () => {
  const openapi = { openapi: "3.1.0", paths: { "/v9/x": { get: { operationId: "getX", summary: "x", responses: { 204: {} } } } } };
  const body = { name: "ninth", openapi, targets: { live: [], sandbox: ["http://127.0.0.1:9"] }, credential: "a-credential" };
  const made = await admin.send("POST", "/v1/services", { key: fixture.apiKey, body, headers: { "idempotency-key": "ninth-service" } });
  expect(made).toMatchObject({ status: 201, json: { version: 1, identity_key: expect.stringMatching(/^[\w-]{43}$/) } });
  const again = await admin.send("POST", "/v1/services", { key: fixture.apiKey, body, headers: { "idempotency-key": "ninth-service" } });
  expect(again.json).toMatchObject({ secret_shown: false });
  expect(again.text).not.toContain(String(Reflect.get(Object(made.json), "identity_key")));
  const path = `/v1/services/${String(Reflect.get(Object(made.json), "service_id"))}`;
  const shown = await admin.send("GET", path, { key: fixture.apiKey });
  const etag = shown.headers.get("etag") ?? "";
  const put = (document: unknown, headers: Record<string, string>) =>
    admin.send("PUT", `${path}/openapi`, { key: fixture.apiKey, body: { openapi: document }, headers });
  expect((await put(openapi, {})).status).toBe(428);
  expect(await put(openapi, { "if-match": etag })).toMatchObject({ status: 200, json: { service: { version: 2 } } });
  expect((await put(openapi, { "if-match": etag })).status).toBe(412);
  const before = await auditCount(base.db, fixture.tenantId);
  const deep = `${"[".repeat(60_000)}${"]".repeat(60_000)}`;
  for (const text of [deep, '"\\u0000"', '"\\ud800"', "1e999", '{"__proto__":{"paths":{}}}']) {
    for (const [method, place, more] of [
      ["POST", "/v1/openapi/lint", ""],
      ["POST", `${path}/openapi/diff`, ""],
      ["PUT", `${path}/openapi`, ""],
      ["POST", "/v1/services", ',"name":"y","targets":{"live":["http://127.0.0.1:9"],"sandbox":[]},"credential":"a-credential"'],
    ] as const) {
      const headers = { "if-match": "*", ...(place === "/v1/services" ? { "idempotency-key": `hostile-${text.length}` } : {}) };
      const reply = await admin.send(method, place, { key: fixture.apiKey, text: `{"openapi":${text}${more}}`, headers });
      expect(reply.status, `${method} ${place} ${text.slice(0, 20)}`).toBeLessThan(500);
    }
  }
  expect(await auditCount(base.db, fixture.tenantId)).toBe(before);
  expect(fixtureOpenapi.openapi).toBe("3.1.0");
});

test("no service is registered or moved to where the platform itself listens, or to a cloud's metadata", async () => {
  const openapi = { openapi: "3.1.0", paths: { "/v8/x": { get: { operationId: "getX8", summary: "x", responses: { 204: {} } } } } };
  const body = (url: string) => ({ name: "eighth", openapi, targets: { live: [], sandbox: [url] }, credential: "a-credential" });
  const register = (url: string) =>
    admin.send("POST", "/v1/services", { key: fixture.apiKey, body: body(url), headers: { "idempotency-key": `eighth-${url.length}` } });
  for (const url of ["http://localhost:7777", "http://169.254.169.254"])
    expect(await register(url)).toMatchObject({ status: 422, json: { code: "invalid-field", pointer: "/body/targets/sandbox/0" } });
  const made = await register("http://127.0.0.1:7778");
  expect(made.status).toBe(201);
  const path = `/v1/services/${String(Reflect.get(Object(made.json), "service_id"))}`;
  const change = { targets: { live: ["http://127.0.0.1:7777"], sandbox: [] } };
  expect(await admin.send("PATCH", path, { key: fixture.apiKey, body: change, headers: { "if-match": "*" } })).toMatchObject({
    status: 422,
    json: { pointer: "/body/targets/live/0" },
  });
});
