import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { expect, test } from "vitest";
import { until } from "../../test/helpers/until.ts";
import { sendJson, startTestGateway, startUpstream, type TestGateway } from "./testing/test-gateway.ts";
import { licenseRow, makeToken, policyRows, tokenRow } from "./testing/test-policy.ts";
import type { PolicyRows, ServiceRow } from "./policy/policy-rows.ts";

const token = makeToken();
const path = "/v1/properties/1234567";
const answer = '{"matricula":"1234567","status":"LIGADO"}';
const settings = { min_calls: 1_000, failures_in_row: 5, open_ms: 100, max_open_ms: 100, retries_per_second: 0, retry_ratio: 0.1 };

function rowsFor(urls: string[], more: { timeoutMs?: number; settings?: Record<string, number> } = {}): PolicyRows {
  const rows = policyRows({ sandbox: urls[0] ?? "" }, { tokens: [tokenRow(token)], licenses: [licenseRow({ burst: 1_000 })] });
  const target: Partial<ServiceRow> = { more_sandbox: urls.slice(1), target_settings: { ...settings, ...more.settings } };
  return {
    ...rows,
    services: rows.services.map((row) => ({ ...row, ...target })),
    operations: rows.operations.map((row) => ({ ...row, timeout_ms: more.timeoutMs ?? 2_000 })),
  };
}

const get = (gateway: TestGateway): ReturnType<TestGateway["call"]> => gateway.call("GET", path, { token });
const post = (gateway: TestGateway): ReturnType<TestGateway["call"]> =>
  gateway.call("POST", "/v1/requests", { token, body: '{"property":"1"}' });

/** A listener that does to each connection what a test wants; tells how many came and how many are open. */
async function startSocket(
  onConnection: (socket: Socket) => void,
  port = 0,
): Promise<{ url: string; port: number; seen: Set<Socket>; count(): number } & AsyncDisposable> {
  const seen = new Set<Socket>();
  let count = 0;
  const server: Server = createServer((socket) => {
    count += 1;
    seen.add(socket);
    socket.on("close", () => seen.delete(socket)).on("error", () => undefined);
    onConnection(socket);
  });
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  const at = (server.address() as AddressInfo).port;
  return {
    url: `http://127.0.0.1:${at}`,
    port: at,
    seen,
    count: () => count,
    async [Symbol.asyncDispose]() {
      for (const socket of seen) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

test("promise: an upstream that stops is refused at once after five failures, and served again after it is back", async () => {
  const gone = await startSocket(() => undefined);
  await gone[Symbol.asyncDispose]();
  await using gateway = await startTestGateway(rowsFor([gone.url]));
  const codes = [];
  for (let i = 0; i < 5; i += 1) codes.push((await post(gateway)).json["code"]);
  expect(codes).toEqual(Array.from({ length: 5 }, () => "upstream-failed"));
  const refused = await post(gateway);
  expect([refused.status, refused.json["code"], refused.headers["retry-after"]]).toEqual([503, "upstream-unavailable", "1"]);
  expect(String(refused.json["detail"])).toContain("failed too often");
  expect(gateway.records.at(-1)?.clause).toBe("upstream-circuit-open");
  await using back = await startSocket(
    (socket) =>
      void socket.on("data", () =>
        socket.write(`HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${answer.length}\r\n\r\n${answer}`),
      ),
    gone.port,
  );
  await until("it is served again", async () => (await get(gateway)).status === 200);
  expect(back.count()).toBeGreaterThan(0);
});

test("promise: of two targets one that stops costs no reading call, and an unsafe call is sent to one alone", async () => {
  const gone = await startSocket(() => undefined);
  await gone[Symbol.asyncDispose]();
  await using good = await startUpstream((_request, response) => sendJson(response, 200, answer));
  await using gateway = await startTestGateway(rowsFor([gone.url, good.url]));
  const statuses = [];
  for (let i = 0; i < 20; i += 1) statuses.push((await get(gateway)).status);
  expect(statuses).toEqual(Array.from({ length: 20 }, () => 200));
  expect(good.received).toHaveLength(20);
});

test("promise: a connection reset before an answer is asked again for a reading call alone, within the retry budget", async () => {
  await using upstream = await startSocket((socket) => socket.once("data", () => socket.resetAndDestroy()));
  await using gateway = await startTestGateway(rowsFor([upstream.url], { settings: { failures_in_row: 1_000 } }));
  expect((await post(gateway)).status).toBe(502);
  expect(upstream.count()).toBe(1);
  for (let i = 0; i < 50; i += 1) expect((await get(gateway)).status).toBe(502);
  // 10 saved up, and one for each ten calls
  const retries = upstream.count() - 51;
  expect(retries).toBeGreaterThanOrEqual(10);
  expect(retries).toBeLessThanOrEqual(10 + 5);
});

test("promise: an answer that breaks off is not asked for again, and nothing of it is passed on", async () => {
  await using upstream = await startSocket((socket) =>
    socket.once("data", () => {
      socket.write('HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 400\r\n\r\n{"matricula":"12345', () =>
        setImmediate(() => socket.destroy()),
      );
    }),
  );
  await using gateway = await startTestGateway(rowsFor([upstream.url]));
  const reply = await get(gateway);
  expect([reply.status, reply.json["code"], upstream.count()]).toEqual([502, "upstream-failed", 1]);
  expect(reply.body).not.toContain("12345");
});

test("promise: a slow upstream ends a call at the operation's deadline, retries included, and is told what is left", async () => {
  const requests: string[] = [];
  await using upstream = await startSocket((socket) =>
    socket.on("data", (chunk: Buffer) => {
      requests.push(chunk.toString());
      // the first connection breaks when some of the time is gone; the second is silent
      if (requests.length === 1) setTimeout(() => socket.destroy(), 20);
    }),
  );
  await using gateway = await startTestGateway(rowsFor([upstream.url], { timeoutMs: 400 }));
  const before = performance.now();
  const reply = await get(gateway);
  expect([reply.status, reply.json["code"]]).toEqual([504, "upstream-timeout"]);
  expect(performance.now() - before).toBeGreaterThanOrEqual(390);
  const left = requests.map((text) => Number(/aqueduto-deadline-ms: (\d+)/.exec(text)?.[1]));
  expect(left).toHaveLength(2);
  expect(left[0]).toBe(400);
  expect(left[1]).toBeLessThan(400);
  await until("the silent connection is given up", () => upstream.seen.size === 0);
});

test("promise: calls over the cap of pending ones are refused at once with the reason, and nothing of them is sent", async () => {
  const waiting: (() => void)[] = [];
  await using upstream = await startUpstream((_request, response) => waiting.push(() => sendJson(response, 200, answer)));
  await using gateway = await startTestGateway(rowsFor([upstream.url], { settings: { max_pending: 3 } }));
  const held = [get(gateway), get(gateway), get(gateway)];
  await until("three wait", () => waiting.length === 3);
  const refused = await get(gateway);
  expect([refused.status, refused.json["code"], refused.headers["retry-after"]]).toEqual([503, "upstream-unavailable", "1"]);
  expect(gateway.records.at(-1)?.clause).toBe("upstream-queue-full");
  expect(upstream.received).toHaveLength(3);
  for (const send of waiting) send();
  expect((await Promise.all(held)).map(({ status }) => status)).toEqual([200, 200, 200]);
});

test("promise: pending calls spread over the targets", async () => {
  const waiting: (() => void)[] = [];
  const start = (): ReturnType<typeof startUpstream> =>
    startUpstream((_request, response) => waiting.push(() => sendJson(response, 200, answer)));
  await using first = await start();
  await using second = await start();
  await using gateway = await startTestGateway(rowsFor([first.url, second.url]));
  const held = Array.from({ length: 6 }, () => get(gateway));
  await until("all wait", () => waiting.length === 6);
  expect([first.received.length, second.received.length]).toEqual([3, 3]);
  for (const send of waiting) send();
  await Promise.all(held);
});

test("promise: a target that its health check calls down gets no call while another is up", async () => {
  const start = (): ReturnType<typeof startUpstream> => startUpstream((_request, response) => sendJson(response, 200, answer));
  await using first = await start();
  await using second = await start();
  await using gateway = await startTestGateway(rowsFor([first.url, second.url]));
  gateway.parts.upstream.markDown(new Set([`svc_a ${first.url}`]));
  for (let i = 0; i < 4; i += 1) expect((await get(gateway)).status).toBe(200);
  expect([first.received.length, second.received.length]).toEqual([0, 4]);
  gateway.parts.upstream.markDown(new Set([`svc_a ${first.url}`, `svc_a ${second.url}`]));
  for (let i = 0; i < 4; i += 1) expect((await get(gateway)).status).toBe(200);
  expect(first.received.length).toBeGreaterThan(0);
});

test("promise: a client that does not read its answer holds no upstream connection", async () => {
  await using upstream = await startUpstream((_request, response) =>
    sendJson(response, 200, `{"matricula":"1234567","status":"${"x".repeat(90_000)}"}`),
  );
  await using gateway = await startTestGateway(rowsFor([upstream.url], { settings: { max_pending: 1 } }));
  const client = connect(gateway.port, "127.0.0.1");
  client.pause();
  // more answers than the buffers of both ends hold
  client.write(`GET ${path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${token}\r\n\r\n`.repeat(100));
  await until("its first answers are made", () => upstream.received.length > 0);
  await until("another client is served by the only place there is", async () => (await get(gateway)).status === 200);
  client.destroy();
});
