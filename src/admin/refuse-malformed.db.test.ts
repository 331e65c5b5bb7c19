import { connect } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startTestAdmin, type TestAdmin } from "../../test/helpers/admin.ts";
import { createTestDatabase, type TestDatabase } from "../../test/helpers/database.ts";
import { createTenantFixture, type TenantFixture } from "../../test/helpers/tenant.ts";

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

type Answer = { status: number; headers: string; json: unknown };

/** Everything that comes back on a connection on which these bytes were sent. */
function exchange(text: string): Promise<Answer> {
  const { hostname, port } = new URL(admin.url);
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  let received = "";
  const socket = connect(Number(port), hostname, () => socket.write(text));
  socket.on("data", (chunk) => (received += chunk.toString()));
  socket.on("error", reject);
  socket.on("close", () => {
    const [head = "", body = ""] = received.split("\r\n\r\n");
    resolve({ status: Number(head.split(" ")[1]), headers: head, json: JSON.parse(body) });
  });
  return promise;
}

const host = () => `Host: ${new URL(admin.url).host}\r\n`;
const authorization = () => `Authorization: Bearer ${fixture.apiKey}\r\n`;
const end = "Connection: close\r\n\r\n";

test.each<[string, () => string, number, string]>([
  ["no HTTP at all", () => "\x16\x03\x01\x02\x00\r\n\r\n", 400, "bad-request"],
  ["an unknown method", () => `FETCH / HTTP/1.1\r\n${host()}${end}`, 400, "bad-request"],
  ["a header without a colon", () => `GET / HTTP/1.1\r\n${host()}x\r\n${end}`, 400, "bad-request"],
  ["two lengths", () => `POST /v1/partners HTTP/1.1\r\n${host()}Content-Length: 1\r\nContent-Length: 2\r\n${end}{}`, 400, "bad-request"],
  ["headers beyond the limit", () => `GET / HTTP/1.1\r\n${host()}x: ${"x".repeat(20_000)}\r\n${end}`, 431, "headers-too-large"],
  ["no Host", () => `GET /healthz HTTP/1.1\r\n${end}`, 400, "bad-request"],
  ["two Hosts", () => `GET /healthz HTTP/1.1\r\n${host()}${host()}${end}`, 400, "bad-request"],
  ["two Authorizations", () => `GET /v1/partners HTTP/1.1\r\n${host()}${authorization()}${authorization()}${end}`, 400, "bad-request"],
  ["a target with scheme and host", () => `GET ${admin.url}/healthz HTTP/1.1\r\n${host()}${end}`, 400, "bad-request"],
  ["a target that is no path", () => `OPTIONS * HTTP/1.1\r\n${host()}${end}`, 400, "bad-request"],
])("%s is refused with a problem document", async (_, text, status, code) => {
  const answer = await exchange(text());
  expect(answer).toMatchObject({
    status,
    json: { status, code, type: `urn:aqueduto:problem:${code}`, request_id: expect.stringMatching(/^req_/) },
  });
  expect(answer.headers.toLowerCase()).toContain("content-type: application/problem+json");
  expect(answer.headers.toLowerCase()).toContain("x-request-id: req_");
});

test("an Expect that is not known is no fault", async () => {
  expect(await exchange(`GET /healthz HTTP/1.1\r\n${host()}Expect: x\r\n${end}`)).toMatchObject({ status: 200, json: { status: "ok" } });
});
