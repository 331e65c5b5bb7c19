import { randomBytes } from "node:crypto";
import { connect, createServer, type Server, type Socket } from "node:net";
import fc from "fast-check";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { signClaims } from "../../platform/signed-claims.ts";
import { loadCatalog } from "../catalog/load-catalog.ts";
import { allColumns, allOperations } from "./all-operations.ts";
import {
  createGsanBase,
  credential,
  gatewayHeaders,
  identityKey,
  noon,
  send,
  startTestBase,
  type GsanBase,
  type TestBase,
} from "../../../test/helpers/gsan-base.ts";

let gsan: GsanBase;
let base: TestBase;

beforeAll(async () => {
  gsan = await createGsanBase();
  base = await startTestBase(gsan.url);
  await base.refreshDocuments();
});
afterAll(async () => {
  await base[Symbol.asyncDispose]();
  await gsan[Symbol.asyncDispose]();
});

const nowSeconds = Math.floor(noon.getTime() / 1000);
const good = gatewayHeaders("getProperty");
const identity = good["aqueduto-identity"] ?? "";

function withClaims(claims: Record<string, string | number>, key = identityKey): Record<string, string> {
  return { ...good, "aqueduto-identity": signClaims(key, { exp: nowSeconds + 30, operation: "getProperty", ...claims }) };
}

describe("credential", () => {
  test("the gateway's credential and identity are let in", async () => {
    expect((await send(`${base.url}/v1/properties/123455`, { headers: good })).status).toBe(200);
  });

  test.each<[string, Record<string, string>]>([
    ["nothing", {}],
    ["no identity", { authorization: good["authorization"] ?? "" }],
    ["no credential", { "aqueduto-identity": identity }],
    ["a wrong credential", { ...good, authorization: `Bearer ${credential.reveal()}x` }],
    ["another scheme", { ...good, authorization: `Basic ${credential.reveal()}` }],
    ["an identity of another key", withClaims({}, Buffer.alloc(32, 8))],
    ["an identity with a changed byte", { ...good, "aqueduto-identity": identity.replace(/.$/, (last) => (last === "A" ? "B" : "A")) }],
    ["an expired identity", withClaims({ exp: nowSeconds })],
    ["an identity that lives too long", withClaims({ exp: nowSeconds + 3600 })],
    ["an identity of another operation", withClaims({ operation: "getBill" })],
    ["no JSON in the identity", { ...good, "aqueduto-identity": "v1.x.y" }],
  ])("%s is refused, with the same bytes for known, unknown and odd paths", async (_name, headers) => {
    const paths = ["/v1/properties/123455", "/v1/properties/999999999", "/v1/properties/abc"];
    const elsewhere = ["/nothing", "/v1/%zz", `/v1/properties/${"9".repeat(300)}`];
    const all =
      headers["aqueduto-identity"] === withClaims({ operation: "getBill" })["aqueduto-identity"] ? paths : [...paths, ...elsewhere];
    const replies = await Promise.all(all.map((path) => send(`${base.url}${path}`, { headers })));
    for (const reply of replies) expect(reply).toMatchObject({ status: 401, json: { code: "unauthorized" } });
    expect(new Set(replies.map((reply) => reply.text.replaceAll(/req_[0-9a-z]+/g, ""))).size).toBe(1);
  });

  test("only healthz and readyz answer without a credential", async () => {
    expect(await send(`${base.url}/healthz`, {})).toMatchObject({ status: 200 });
    expect(await send(`${base.url}/readyz`, {})).toMatchObject({ status: 200, json: { ready: true } });
    const others = loadCatalog().map((operation) =>
      send(`${base.url}${operation.path.replaceAll(/\{.*?\}/g, "1")}`, { method: operation.method }),
    );
    for (const reply of await Promise.all(others)) expect(reply.status).toBe(401);
  });
});

describe("strict input", () => {
  test.each([
    ["getProperty", "/v1/properties/0123455", "/params/ref"],
    ["getProperty", "/v1/properties/1234567890", "/params/ref"],
    ["getProperty", "/v1/properties/123455?x=1", "/query"],
    ["listOpenBills", "/v1/properties/123455/bills?status=paid", "/query/status"],
    ["listPropertyPayments", "/v1/properties/123455/payments?limit=0", "/query/limit"],
    ["listPropertyPayments", "/v1/properties/123455/payments?limit=101", "/query/limit"],
    ["listPropertyPayments", "/v1/properties/123455/payments?limit=1&limit=2", "/query/limit"],
    ["listPropertyPayments", "/v1/properties/123455/payments?after=AAAAAAAAAAAAAAAAAAAAAA", "/query/after"],
    ["getConsumption", "/v1/properties/123455/consumption?months=1.5", "/query/months"],
  ])("%s %s is refused at %s", async (operation, path, pointer) => {
    expect(await base.call(operation, path)).toMatchObject({ status: 422, json: { code: "invalid-field", pointer } });
  });

  test.each([
    [{ text: '{"document":"11144477735","property":"123455","x":1}' }, 422],
    [{ text: '{"document":11144477735,"property":"123455"}' }, 422],
    [{ text: '{"document":"11144477735"}' }, 422],
    [{ text: '{"document":"11144477735","property":"123455","__proto__":{"a":1}}' }, 400],
    [{ text: "[]" }, 422],
    [{ text: "null" }, 422],
    [{ text: "{" }, 400],
    [{ text: "" }, 400],
    [{ text: `"${"x".repeat(2000)}"` }, 413],
    [{ text: "document=1", headers: { "content-type": "application/x-www-form-urlencoded" } }, 415],
    [{ text: "{}", headers: { "content-type": "text/plain" } }, 415],
  ])("a body that is not what the schema says is refused: %j", async (call, status) => {
    const reply = await base.call("checkIdentity", "/v1/identity-checks", call);
    expect(reply.status).toBe(status);
    expect(reply.text).not.toContain("11144477735");
  });

  test("no text in any place of a request makes the service fail", async () => {
    const place = fc.oneof(
      fc.string({ unit: "binary", maxLength: 40 }),
      fc.constantFrom("123455", "%00", "'--", "-1", "1e9", "../..", "９", "2147483648"),
    );
    const operations = fc.constantFrom(...loadCatalog());
    await fc.assert(
      fc.asyncProperty(operations, place, place, async (operation, one, two) => {
        const path = operation.path.replaceAll(/\{.*?\}/g, encodeURIComponent(one.toWellFormed()));
        const query = operation.parameters
          .filter((parameter) => parameter.in === "query")
          .map((parameter) => `${parameter.name}=${encodeURIComponent(two.toWellFormed())}`);
        const body = { document: one, property: two, documento: one, matricula: two };
        const call = operation.request_schema === null ? {} : { body: operation.operation_id === "listDebts" ? { documento: one } : body };
        const reply = await base.call(operation.operation_id, `${path}?${query.join("&")}`, call);
        expect(reply.status).toBeLessThan(500);
      }),
      { numRuns: 300 },
    );
  });

  test("no JSON body makes the service fail", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom("checkIdentity /v1/identity-checks", "listDebts /gsan/api/debitos"),
        fc.jsonValue(),
        async (target, body) => {
          const [operation = "", path = ""] = target.split(" ");
          expect((await base.call(operation, path, { body })).status).toBeLessThan(500);
        },
      ),
      { numRuns: 200 },
    );
  });

  test("a request that is no HTTP ends without an answer from an operation", async () => {
    const { port, hostname } = new URL(base.url);
    const answer = await new Promise<string>((done) => {
      const socket = connect(Number(port), hostname, () =>
        socket.write("GET /v1/properties/1 HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n"),
      );
      let text = "";
      socket.on("data", (chunk) => (text += chunk.toString()));
      socket.on("close", () => done(text));
    });
    expect(answer).toMatch(/^HTTP\/1.1 400 /);
  });
});

describe("deadline", () => {
  test("a statement ends at the caller's deadline, with 504", async () => {
    await using locked = await lockTable(gsan.url, "cadastro.imovel");
    const reply = await base.call("getProperty", "/v1/properties/123455", { headers: { "aqueduto-deadline-ms": "150" } });
    expect(reply).toMatchObject({ status: 504, json: { code: "upstream-timeout" } });
    expect(base.readiness().ready).toBe(true);
    await locked.release();
    expect((await base.call("getProperty", "/v1/properties/123455")).status).toBe(200);
  });

  test.each(["0", "-1", "x", "1.5", "9999999"])("the deadline %s is refused", async (value) => {
    const reply = await base.call("getProperty", "/v1/properties/123455", { headers: { "aqueduto-deadline-ms": value } });
    expect(reply).toMatchObject({ status: 422, json: { pointer: "/headers/aqueduto-deadline-ms" } });
  });
});

describe("a GSAN base that is away", () => {
  test("is answered with 503 at once, told by readiness, and served again when it is back", async () => {
    await using proxy = await startProxy(gsan.url);
    await using service = await startTestBase(proxy.url);
    expect((await service.call("getProperty", "/v1/properties/123455")).status).toBe(200);

    await proxy.down();
    await expect
      .poll(async () => (await service.call("getProperty", "/v1/properties/123455")).json)
      .toMatchObject({ status: 503, code: "base-away" });
    await expect.poll(() => service.readiness()).toMatchObject({ ready: false, reason: expect.stringMatching(/^[\w-]+$/) });
    expect(await send(`${service.url}/readyz`, {})).toMatchObject({ status: 503 });
    expect(await send(`${service.url}/healthz`, {})).toMatchObject({ status: 200 });

    await proxy.up();
    await expect.poll(() => service.readiness().ready, { timeout: 10_000 }).toBe(true);
    expect((await service.call("getProperty", "/v1/properties/123455")).status).toBe(200);
  });

  test("that accepts connections and says nothing costs a caller the deadline and no more", async () => {
    await using proxy = await startProxy(gsan.url);
    await using service = await startTestBase(proxy.url);
    proxy.mute();
    const reply = await service.call("getProperty", "/v1/properties/123455", { headers: { "aqueduto-deadline-ms": "200" } });
    expect(reply.status).toBeGreaterThanOrEqual(503);
    await expect.poll(() => service.readiness(), { timeout: 18_000 }).toMatchObject({ ready: false });
    expect((await service.call("getProperty", "/v1/properties/123455")).status).toBe(503);
  }, 40_000);

  test("the service starts without it, and serves when it comes", async () => {
    await using proxy = await startProxy(gsan.url);
    await proxy.down();
    await using service = await startTestBase(proxy.url);
    expect(service.readiness()).toMatchObject({ ready: false });
    expect(await service.call("getProperty", "/v1/properties/123455")).toMatchObject({ status: 503, json: { code: "base-away" } });
    await proxy.up();
    await expect.poll(() => service.readiness().ready, { timeout: 10_000 }).toBe(true);
  });

  test("a base that lacks a column is not served, and the column is named", async () => {
    await using other = await createGsanBase();
    await other.run("ALTER TABLE cadastro.imovel DROP COLUMN imov_qteconomia");
    await using service = await startTestBase(other.url);
    expect(service.readiness()).toEqual({ ready: false, reason: "missing or not readable: cadastro.imovel.imov_qteconomia" });
  });

  test("a column that our role may not read is named too", async () => {
    await using other = await createGsanBase();
    await using reader = await createReader(other, { withoutColumn: "clie_dsemail" });
    await using service = await startTestBase(reader.url);
    expect(service.readiness().reason).toBe("missing or not readable: cadastro.cliente.clie_dsemail");
    await reader.grant("cadastro.cliente", "clie_dsemail");
    await expect.poll(() => service.readiness().ready, { timeout: 10_000 }).toBe(true);
  });
});

test("a role that may read the declared columns alone is enough for every operation", async () => {
  await using other = await createGsanBase();
  await using reader = await createReader(other, {});
  await using service = await startTestBase(reader.url);
  await service.refreshDocuments();
  const calls: [string, string, unknown?][] = [
    ["getProperty", "/v1/properties/123455"],
    ["listOpenBills", "/v1/properties/123455/bills"],
    ["getBill", "/v1/bills/900008"],
    ["listPropertyPayments", "/v1/properties/123455/payments"],
    ["getConsumption", "/v1/properties/123455/consumption"],
    ["checkIdentity", "/v1/identity-checks", { document: "11144477735", property: "123455" }],
    ["listLocalities", "/v1/localities"],
    ["getLocality", "/v1/localities/1"],
    ["listDebts", "/gsan/api/debitos", { documento: "11144477735" }],
  ];
  expect(calls.map(([operation]) => operation).sort()).toEqual(Object.keys(allOperations).sort());
  for (const [operation, path, body] of calls) {
    const { status } = await service.call(operation, path, body === undefined ? {} : { body });
    expect([operation, status]).toEqual([operation, 200]);
  }
});

test("a LATIN1 base is answered in UTF-8", async () => {
  await using latin = await createGsanBase("LATIN1");
  await using service = await startTestBase(latin.url);
  const reply = await service.call("getProperty", "/v1/properties/123455");
  expect(reply.json).toMatchObject({ client: { name: "MARIA JOSÉ TESTE" }, address: { street: "CONCEIÇÃO" } });
  const check = await service.call("checkIdentity", "/v1/identity-checks", { body: { document: "11144477735", property: "123455" } });
  expect(check.json).toEqual({ match: true });
});

test("the utility's day is that of its zone, not of the process", async () => {
  await using service = await startTestBase(gsan.url, new Date("2026-11-25T02:59:00Z"));
  expect((await service.call("listOpenBills", "/v1/properties/123455/bills")).json["as_of"]).toBe("2026-11-24");
});

type Reader = { url: string; grant(table: string, column: string): Promise<void> } & AsyncDisposable;

/** A role with SELECT on the columns that the service declares, one by one, and on nothing else. */
async function createReader(base: GsanBase, { withoutColumn }: { withoutColumn?: string }): Promise<Reader> {
  const role = `reader_${randomBytes(6).toString("hex")}`;
  const select = (table: string, columns: readonly string[]): string => `GRANT SELECT (${columns.join(", ")}) ON ${table} TO ${role};`;
  const grants = Object.entries(allColumns()).map(([table, columns]) =>
    select(
      table,
      columns.filter((column) => column !== withoutColumn),
    ),
  );
  await base.run(`
    CREATE ROLE ${role} LOGIN PASSWORD 'p';
    GRANT USAGE ON SCHEMA cadastro, faturamento, arrecadacao, atendimentopublico, micromedicao TO ${role};
    ${grants.join("\n")}`);
  const url = new URL(base.url);
  url.username = role;
  url.password = "p";
  const drop = (): Promise<void> => base.run(`DROP OWNED BY ${role}; DROP ROLE ${role}`);
  return { url: url.href, grant: (table, column) => base.run(select(table, [column])), [Symbol.asyncDispose]: drop };
}

async function lockTable(url: string, table: string): Promise<{ release(): Promise<void> } & AsyncDisposable> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(`BEGIN; LOCK TABLE ${table} IN ACCESS EXCLUSIVE MODE`);
  let open = true;
  const release = async (): Promise<void> => {
    if (open) await client.end();
    open = false;
  };
  return { release, [Symbol.asyncDispose]: release };
}

function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === "string") throw new TypeError("not listening on a port");
  return address.port;
}

type Proxy = { url: string; down(): Promise<void>; up(): Promise<void>; mute(): void } & AsyncDisposable;

/** A TCP proxy before PostgreSQL that can be cut, and can go silent. */
async function startProxy(target: string): Promise<Proxy> {
  const { hostname, port } = new URL(target);
  const sockets = new Set<Socket>();
  let muted = false;
  const server: Server = createServer((near) => {
    const far = connect(Number(port || 5432), hostname);
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from);
      from.on("data", (chunk) => muted || to.write(chunk));
      from.on("error", () => to.destroy());
      from.on("close", () => to.destroy());
    }
  });
  const listen = (at: number): Promise<number> => new Promise((done) => server.listen(at, "127.0.0.1", () => done(portOf(server))));
  const cut = (): Promise<void> =>
    new Promise((done) => {
      server.close(() => done());
      for (const socket of sockets) socket.destroy();
    });
  const own = await listen(0);
  const url = new URL(target);
  url.hostname = "127.0.0.1";
  url.port = String(own);
  return { url: url.href, down: cut, up: async () => void (await listen(own)), mute: () => (muted = true), [Symbol.asyncDispose]: cut };
}
