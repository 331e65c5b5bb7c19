import { createHash } from "node:crypto";
import { request as httpRequest } from "node:http";
import { createServer, type Socket } from "node:net";
import type { AddressInfo } from "node:net";
import { Writable } from "node:stream";
import { pino } from "pino";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { idleDemo, startTestAdmin, type TestAdmin } from "../../test/helpers/admin.ts";
import { createTestDatabase, type TestDatabase } from "../../test/helpers/database.ts";
import { auditCount, createTenantFixture, type TenantFixture } from "../../test/helpers/tenant.ts";
import { ApiError, createClient } from "../contract/client.ts";
import { openDatabase } from "../db/database.ts";

let base: TestDatabase;
let fixture: TenantFixture;
let admin: TestAdmin;
beforeAll(async () => {
  base = await createTestDatabase();
  fixture = await createTenantFixture(base.db);
  admin = await startTestAdmin({ db: base.db, keyring: fixture.keyring, hosts: ["admin.example.com", "other.example.com:9443"] });
});
afterAll(async () => {
  await admin[Symbol.asyncDispose]();
  await base[Symbol.asyncDispose]();
});

/** A request with headers that fetch does not let anyone set. */
function rawRequest(url: string, method: string, headers: Record<string, string>): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(url, { method, headers }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
      response.on("end", () => resolve({ status: response.statusCode ?? 0, text }));
    });
    request.on("error", reject).end();
  });
}

describe("hosts and origins", () => {
  const port = () => new URL(admin.url).port;

  test("configured names and the own ones with the port are served", async () => {
    const hosts = [
      `localhost:${port()}`,
      `127.0.0.1:${port()}`,
      `[::1]:${port()}`,
      "admin.example.com",
      `ADMIN.example.com:${port()}`,
      "other.example.com:9443",
    ];
    for (const host of hosts) expect([host, (await rawRequest(`${admin.url}/healthz`, "GET", { host })).status]).toEqual([host, 200]);
  });

  test("any other name is refused, whatever is asked", async () => {
    const hosts = [
      "evil.example.com",
      `evil.example.com:${port()}`,
      "localhost",
      "127.0.0.1",
      "localhost:1",
      `localhost.:${port()}`,
      "other.example.com",
    ];
    for (const host of hosts) {
      const reply = await rawRequest(`${admin.url}/`, "GET", { host });
      expect([host, reply.status]).toEqual([host, 421]);
      expect(JSON.parse(reply.text)).toMatchObject({ code: "wrong-host" });
    }
  });

  test("a change that another site's page sends is refused, one of the own pages is not", async () => {
    const change = (headers: Record<string, string>) =>
      admin.send("POST", "/v1/partners", { key: fixture.apiKey, body: { name: "x" }, headers });
    const before = await auditCount(base.db, fixture.tenantId);
    for (const headers of [
      { origin: "https://evil.example.com" },
      { origin: "null" },
      { origin: "" },
      { "sec-fetch-site": "cross-site" },
      { "sec-fetch-site": "same-site" },
    ]) {
      expect((await change(headers)).status).toBe(403);
    }
    expect(await auditCount(base.db, fixture.tenantId)).toBe(before);
    expect((await change({ origin: admin.url, "sec-fetch-site": "same-origin" })).status).toBe(201);
  });
});

describe("bodies", () => {
  const send = (more: Parameters<TestAdmin["send"]>[2]) => admin.send("POST", "/v1/partners", { key: fixture.apiKey, ...more });

  test("an unknown property is a fault with its pointer", async () => {
    expect(await send({ body: { name: "x", nome: "y" } })).toMatchObject({
      status: 422,
      json: { code: "invalid-field", pointer: "/body/nome" },
    });
    expect(await send({ text: `{"name":"x","__proto__":{}}` })).toMatchObject({ status: 422, json: { pointer: "/body/__proto__" } });
    expect(await send({ body: {} })).toMatchObject({ status: 422, json: { pointer: "/body/name" } });
    expect(await send({ body: { name: "x", "52998224725": 1 } })).toMatchObject({ status: 422, json: { pointer: "/body" } });
    expect(await admin.send("GET", "/v1/partners?limite=1", { key: fixture.apiKey })).toMatchObject({
      status: 422,
      json: { pointer: "/query/limite" },
    });
  });

  test("types are not guessed in bodies, numbers are read in queries", async () => {
    expect((await send({ body: { name: 5 } })).status).toBe(422);
    expect((await admin.send("GET", "/v1/partners?limit=1", { key: fixture.apiKey })).status).toBe(200);
    for (const limit of ["0", "201", "1.5", "x", "", "0x10", "1e1", "%205", "5%20", "+5", "%2B5", "05", "5.", "Infinity", "1_0", "\u0665"])
      expect((await admin.send("GET", `/v1/partners?limit=${limit}`, { key: fixture.apiKey })).status).toBe(422);
  });

  test("a member that stands twice is refused with its pointer, wherever it stands", async () => {
    const before = await auditCount(base.db, fixture.tenantId);
    for (const [text, pointer] of [
      ['{"name":"x","name":"y"}', "/body/name"],
      ['{"name":"x","n\\u0061me":"y"}', "/body/name"],
      ['{"name":[{"a":1},{"b":{"c":1,"c":1}}]}', "/body/name/1/b/c"],
      ['{"name":{"52998224725":1,"52998224725":2}}', "/body/name"],
    ])
      expect(await send({ text: text ?? "" })).toMatchObject({ status: 400, json: { code: "bad-request", pointer } });
    expect(await auditCount(base.db, fixture.tenantId)).toBe(before);
  });

  test("what is not JSON in UTF-8 is refused", async () => {
    expect(await send({ text: "{" })).toMatchObject({ status: 400, json: { code: "bad-request" } });
    expect(await send({ text: new Uint8Array([0x22, 0xff, 0x22]) })).toMatchObject({ status: 400 });
    expect(await send({ text: "name=x", headers: { "content-type": "application/x-www-form-urlencoded" } })).toMatchObject({ status: 415 });
  });

  test("a body over its cap is refused: 1 MiB, events 4 MiB", async () => {
    expect(await send({ text: " ".repeat(1024 * 1024 + 1) })).toMatchObject({ status: 413, json: { code: "body-too-large" } });
    const events = (size: number) =>
      admin.send("POST", "/v1/events", { key: fixture.apiKey, text: " ".repeat(size), headers: { "idempotency-key": "big" } });
    expect((await events(2 * 1024 * 1024)).status).toBe(400);
    expect((await events(4 * 1024 * 1024 + 1)).status).toBe(413);
  });
});

describe("events over HTTP", () => {
  const text = `{"client-transaction":[{"idtransaction":1, "idcliente":"01400-2","valorpago":10.50}]}`;
  const send = (more: Parameters<TestAdmin["send"]>[2]) => admin.send("POST", "/v1/events", { key: fixture.apiKey, text, ...more });

  test("202 with the ids, the same for the same key, 409 for another body", async () => {
    const first = await send({ headers: { "idempotency-key": "h1" } });
    expect(first).toMatchObject({ status: 202, json: { ids: [expect.stringMatching(/^evt_/)] } });
    expect(await send({ headers: { "idempotency-key": "h1" } })).toMatchObject({ status: 202, json: first.json });
    expect(await send({ headers: { "idempotency-key": "h1" }, text: text.replace("10.50", "10.5") })).toMatchObject({
      status: 409,
      json: { code: "conflict" },
    });
  });

  test("without an Idempotency-Key nothing is stored", async () => {
    const before = await auditCount(base.db, fixture.tenantId);
    expect(await send({})).toMatchObject({ status: 422, json: { pointer: "/headers/idempotency-key" } });
    expect(await auditCount(base.db, fixture.tenantId)).toBe(before);
  });
});

describe("what needs no credential", () => {
  test("the page says which roles serve, loads nothing, and HEAD answers like GET without a body", async () => {
    await using other = await startTestAdmin({
      db: base.db,
      keyring: fixture.keyring,
      readiness: () => [{ role: "gateway", ready: false, reason: "<b>snapshot</b>" }],
    });
    const page = await other.send("GET", "/");
    expect(page.status).toBe(200);
    expect(page.headers.get("content-type")).toBe("text/html; charset=utf-8");
    expect(page.text).toContain("&lt;b&gt;snapshot");
    expect(page.text).not.toMatch(/<b>|<script|src=|href=|on\w+=/);
    const style = /<style>(.*)<\/style>/s.exec(page.text)?.[1] ?? "";
    const policy = page.headers.get("content-security-policy") ?? "";
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain(`'sha256-${createHash("sha256").update(style).digest("base64")}'`);
    expect(policy).not.toContain("unsafe");
    const head = await other.send("HEAD", "/");
    expect([head.status, head.text, head.headers.get("content-security-policy")]).toEqual([200, "", policy]);
  });

  test("readyz is 200 when all roles serve, else 503 and says which and why; healthz is 200 all along", async () => {
    const roles = [
      { role: "gateway", ready: true },
      { role: "dispatcher", ready: false, reason: "no lease" },
    ];
    await using other = await startTestAdmin({ db: base.db, keyring: fixture.keyring, readiness: () => roles });
    expect(await other.send("GET", "/readyz")).toMatchObject({ status: 503, json: { ready: false, roles } });
    expect((await other.send("GET", "/healthz")).status).toBe(200);
    roles.pop();
    expect(await other.send("GET", "/readyz")).toMatchObject({ status: 200, json: { ready: true } });
  });
});

test("every reply carries its request id, problems also inside", async () => {
  const reply = await admin.send("GET", "/v1/partners");
  expect(reply.headers.get("x-request-id")).toMatch(/^req_/);
  expect(reply.json).toMatchObject({ request_id: reply.headers.get("x-request-id"), type: "urn:aqueduto:problem:unauthorized" });
  expect(reply.headers.get("content-type")).toContain("application/problem+json");
});

describe("policy changes", () => {
  const regenerate = (to: TestAdmin) =>
    to.send("POST", `/v1/accesses/${fixture.access.access_id}/tokens/regenerate`, { key: fixture.apiKey, body: { overlap: "0" } });

  test("200 with the nodes when the change is in force, asked by the epoch of the change", async () => {
    const asked: bigint[] = [];
    const nodes = [{ node_id: "nod_1", epoch: 7n, milliseconds: 3, in_force: true }];
    await using other = await startTestAdmin({
      db: base.db,
      keyring: fixture.keyring,
      policyInForce: async (epoch) => {
        asked.push(epoch);
        return { state: "in_force", nodes };
      },
    });
    const reply = await regenerate(other);
    expect(reply).toMatchObject({
      status: 200,
      json: { state: "in_force", epoch: String(asked[0]), nodes: [{ node_id: "nod_1", epoch: "7", milliseconds: 3, in_force: true }] },
    });
  });

  test("202 while a node is missing, and also when nobody could be asked: the token is not lost", async () => {
    const latest = "2026-01-01T00:15:00.000Z";
    await using slow = await startTestAdmin({
      db: base.db,
      keyring: fixture.keyring,
      policyInForce: async () => ({ state: "committed", nodes: [], latest }),
    });
    expect(await regenerate(slow)).toMatchObject({
      status: 202,
      json: { state: "committed", latest, token: expect.stringMatching(/^aq_live_/) },
    });
    await using broken = await startTestAdmin({
      db: base.db,
      keyring: fixture.keyring,
      policyInForce: () => Promise.reject(new Error("away")),
    });
    expect(await regenerate(broken)).toMatchObject({
      status: 202,
      json: { state: "committed", nodes: [], token: expect.stringMatching(/^aq_live_/) },
    });
  });
});

describe("the demo", () => {
  test("without a demo base its routes are like any unknown one", async () => {
    const pay = await admin.send("POST", "/v1/demo/pay", { key: fixture.apiKey, body: {} });
    const unknown = await admin.send("POST", "/v1/nothing/here", { key: fixture.apiKey, body: {} });
    expect(pay.status).toBe(404);
    expect({ ...Object(pay.json), request_id: "" }).toEqual({ ...Object(unknown.json), request_id: "" });
  });

  test("commands are audited and may leave out what has a default", async () => {
    await using demo = await startTestAdmin({ db: base.db, keyring: fixture.keyring, demo: idleDemo });
    const client = createClient({ fetch, baseUrl: demo.url, key: fixture.apiKey });
    const before = await auditCount(base.db, fixture.tenantId);
    expect(await client.call("POST /v1/demo/pay", { body: { count: 3, as_file: true } })).toMatchObject({ payments: 3 });
    expect(await client.call("POST /v1/demo/close-month")).toMatchObject({ month: 202601 });
    expect((await demo.send("POST", "/v1/demo/reverse", { key: fixture.apiKey })).json).toMatchObject({ reversed: 1 });
    const lines = [];
    for await (const line of client.stream("POST /v1/demo/base", { body: { properties: 50 } })) lines.push(line.done);
    expect(lines).toEqual([false, true]);
    expect(await auditCount(base.db, fixture.tenantId)).toBe(before + 4);
  });

  test("a stream that fails begins with a status, or ends with a problem line", async () => {
    const failing = (after: number) => ({
      ...idleDemo,
      async *base() {
        for (let i = 0; i < after; i += 1)
          yield { step: "fill", properties_done: i, properties: 50, rows: i, seconds: 0, rows_per_second: 0, done: false };
        throw new Error("CPF 123 in a message");
      },
    });
    for (const after of [0, 2]) {
      await using demo = await startTestAdmin({ db: base.db, keyring: fixture.keyring, demo: failing(after) });
      const client = createClient({ fetch, baseUrl: demo.url, key: fixture.apiKey });
      const lines: unknown[] = [];
      const read = async () => {
        for await (const line of client.stream("POST /v1/demo/base", { body: { properties: 50 } })) lines.push(line);
      };
      const failure = await read().catch((error: unknown) => error);
      expect(failure).toBeInstanceOf(ApiError);
      expect(failure).toMatchObject({ code: "internal", message: expect.not.stringContaining("CPF") });
      expect(lines).toHaveLength(after);
    }
  });
});

describe("a store that is away", () => {
  test("calls are answered 503 at once, health and page go on", async () => {
    const store = openDatabase({ url: "postgres://nobody@127.0.0.1:1/none", max: 2, applicationName: "test" });
    {
      await using away = await startTestAdmin({ db: store.db, keyring: fixture.keyring });
      const reply = await away.send("POST", "/v1/events", { key: fixture.apiKey, text: "{}", headers: { "idempotency-key": "k" } });
      expect(reply).toMatchObject({ status: 503, json: { code: "store-away" } });
      expect(reply.headers.get("retry-after")).toBe("5");
      expect((await away.send("GET", "/healthz")).status).toBe(200);
      expect((await away.send("GET", "/")).status).toBe(200);
    }
    await store.close();
  });

  test("one that accepts and says nothing holds a caller no longer than the deadline", async () => {
    const sockets = new Set<Socket>();
    const silent = createServer((socket) => sockets.add(socket.on("error", () => undefined)));
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    const { port } = silent.address() as AddressInfo;
    const store = openDatabase({ url: `postgres://nobody@127.0.0.1:${port}/none`, max: 2, applicationName: "test" });
    {
      await using away = await startTestAdmin({ db: store.db, keyring: fixture.keyring, deadlineMs: 200 });
      expect(await away.send("GET", "/v1/partners", { key: fixture.apiKey })).toMatchObject({ status: 503, json: { code: "store-away" } });
    }
    for (const socket of sockets) socket.destroy();
    await store.close();
    await new Promise((resolve) => silent.close(resolve));
  });
});

test("the log holds route templates and codes: no key, id of a path, body or name", async () => {
  let written = "";
  const log = pino({ level: "trace" }, new Writable({ write: (chunk, _, done) => ((written += String(chunk)), done()) }));
  await using quiet = await startTestAdmin({ db: base.db, keyring: fixture.keyring, log });
  await quiet.send("GET", `/v1/partners/${fixture.partner.partner_id}?x=12345678909`, { key: fixture.apiKey });
  await quiet.send("POST", "/v1/partners", { key: fixture.apiKey, body: { name: "Maria das Dores" } });
  await quiet.send("GET", "/nowhere/12345678909", { key: fixture.apiKey });
  await quiet.send("GET", "/v1/%zz12345678909", { key: fixture.apiKey });
  await expect.poll(() => written.split("admin.request").length - 1).toBeGreaterThanOrEqual(3);
  expect(written).toContain("/v1/partners/:partner_id");
  for (const secret of [fixture.apiKey, fixture.partner.partner_id, "Maria", "12345678909"]) expect(written).not.toContain(secret);
});

test("draining lets a running call end and refuses new ones", async () => {
  let release: (() => void) | undefined;
  const held = new Promise<void>((resolve) => (release = resolve));
  let entered: (() => void) | undefined;
  const inside = new Promise<void>((resolve) => (entered = resolve));
  const demo = {
    ...idleDemo,
    closeMonth: async () => {
      entered?.();
      await held;
      return idleDemo.closeMonth();
    },
  };
  const draining = await startTestAdmin({ db: base.db, keyring: fixture.keyring, demo });
  const running = draining.send("POST", "/v1/demo/close-month", { key: fixture.apiKey });
  await inside;
  const drained = draining[Symbol.asyncDispose]();
  release?.();
  expect((await running).status).toBe(200);
  await drained;
  await expect(draining.send("GET", "/healthz")).rejects.toThrow();
});
