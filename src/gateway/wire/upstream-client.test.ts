import { createServer, type AddressInfo, type Socket } from "node:net";
import { expect, onTestFinished, test, vi } from "vitest";
import { until } from "../../../test/helpers/until.ts";
import { startTestGateway } from "../testing/test-gateway.ts";
import { makeToken, policyRows, tokenRow } from "../testing/test-policy.ts";
import type { UpstreamRequest } from "../upstream/upstream-client.ts";
import { createWireClient } from "./upstream-client.ts";

const ok = (body: string, more = ""): string =>
  `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n${more}Content-Length: ${body.length}\r\n\r\n${body}`;

/** A service that does what a test wants with the nth request of the nth connection. */
async function serve(onRequest: (socket: Socket, at: { request: number; connection: number; text: string }) => void) {
  const texts: string[] = [];
  const open = new Set<Socket>();
  let connections = 0;
  const server = createServer((socket) => {
    connections += 1;
    const connection = connections;
    let request = 0;
    open.add(socket);
    socket.on("error", () => undefined).on("close", () => open.delete(socket));
    socket.on("data", (chunk: Buffer) => {
      request += 1;
      texts.push(chunk.toString("latin1"));
      onRequest(socket, { request, connection, text: texts.at(-1) ?? "" });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(async () => {
    for (const socket of open) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  return { origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, texts, open, connections: () => connections };
}

function client(options: { connections?: number; maxAnswerBytes?: number } = {}) {
  const made = createWireClient({ connections: 4, maxAnswerBytes: 1_000_000, ...options });
  onTestFinished(() => made.close());
  return made;
}

const ask = (origin: string, more: Partial<UpstreamRequest> = {}): UpstreamRequest => ({
  origin,
  method: "GET",
  path: "/a",
  headers: {},
  body: undefined,
  timeoutMs: 5_000,
  ...more,
});

test("a kept connection is used again, also behind an answer before the answer, HEAD and 204", async () => {
  const service = await serve((socket, { request }) =>
    socket.write(
      [`HTTP/1.1 103 Early Hints\r\n\r\n${ok("{}")}`, ok("{}").slice(0, -2), "HTTP/1.1 204 No Content\r\n\r\n", ok("[]")][request - 1] ??
        "",
    ),
  );
  const wire = client();
  const bodies = [];
  for (const method of ["GET", "HEAD", "GET", "GET"] as const) bodies.push(String((await wire.send(ask(service.origin, { method }))).body));
  expect([bodies, service.connections()]).toEqual([["{}", "", "", "[]"], 1]);
});

test.each([
  ["204", "HTTP/1.1 204 No Content\r\nContent-Length: 2\r\n\r\n{}"],
  ["304", "HTTP/1.1 304 Not Modified\r\n\r\n{}"],
  ["an answer with too much", `${ok("{}")}${ok("[]")}`],
])("a connection that is out of step (%s) is never used again", async (_what, text) => {
  const service = await serve((socket, { connection }) => socket.write(connection === 1 ? text : ok("[]")));
  const wire = client();
  await expect(wire.send(ask(service.origin))).rejects.toMatchObject({ kind: "broken", answered: true });
  expect(String((await wire.send(ask(service.origin))).body)).toBe("[]");
  expect(service.connections()).toBe(2);
});

test("bytes of a service that answer nothing end its connection", async () => {
  const service = await serve((socket) => socket.write(ok("{}")));
  const wire = client();
  expect(String((await wire.send(ask(service.origin))).body)).toBe("{}");
  for (const socket of service.open) socket.write(ok("[]"));
  await until("the connection is given up", () => service.open.size === 0);
});

test("a service that closes a kept connection as a request comes: a reading call is sent again, an unsafe one is not", async () => {
  const token = makeToken();
  // each connection answers once
  const service = await serve((socket, { request, text }) => {
    if (request > 1) socket.destroy();
    else socket.write(ok(text.startsWith("GET") ? '{"matricula":"1"}' : '{"property":"1"}'));
  });
  await using gateway = await startTestGateway(policyRows({ sandbox: service.origin }, { tokens: [tokenRow(token)] }));
  const get = () => gateway.call("GET", "/v1/properties/1", { token });
  const post = () => gateway.call("POST", "/v1/requests", { token, body: '{"property":"1"}' });
  expect([(await get()).status, (await get()).status]).toEqual([200, 200]);
  expect(service.texts).toHaveLength(3);
  expect([(await post()).status, service.texts.length]).toEqual([502, 4]);
  expect([(await post()).status, service.texts.length]).toEqual([200, 5]);
});

test("a connection that idled as long as services keep one is not used again", async () => {
  const service = await serve((socket) => socket.write(ok("{}")));
  const wire = client();
  await wire.send(ask(service.origin));
  await wire.send(ask(service.origin));
  expect(service.connections()).toBe(1);
  const real = performance.now.bind(performance);
  const clock = vi.spyOn(performance, "now").mockImplementation(() => real() + 4_500);
  onTestFinished(() => clock.mockRestore());
  await wire.send(ask(service.origin, { method: "POST", body: "{}", timeoutMs: 60_000 }));
  expect(service.connections()).toBe(2);
  await until("the idle one is closed", () => service.open.size === 1);
});

test("a request that waits for a connection ends at its own time, and those behind it are sent", async () => {
  const waiting: Socket[] = [];
  const service = await serve((socket, { text }) => {
    if (text.startsWith("GET /held")) waiting.push(socket);
    else socket.write(ok("{}"));
  });
  const wire = client({ connections: 1 });
  const held = wire.send(ask(service.origin, { path: "/held" }));
  const late = wire.send(ask(service.origin, { path: "/late", timeoutMs: 30 }));
  const next = wire.send(ask(service.origin, { path: "/next" }));
  await expect(late).rejects.toMatchObject({ kind: "timeout", answered: false });
  await until("the first one came", () => waiting.length === 1);
  waiting[0]?.write(ok("[]"));
  expect([String((await held).body), String((await next).body)]).toEqual(["[]", "{}"]);
  expect(service.texts.map((text) => text.split(" ")[1])).toEqual(["/held", "/next"]);
});

test("an answer that comes after its time is nobody's", async () => {
  const service = await serve((socket, { connection }) => {
    if (connection === 1) setTimeout(() => socket.write(ok('"late"')), 60);
    else socket.write(ok('"own"'));
  });
  const wire = client({ connections: 1 });
  await expect(wire.send(ask(service.origin, { timeoutMs: 20 }))).rejects.toMatchObject({ kind: "timeout" });
  expect(String((await wire.send(ask(service.origin))).body)).toBe('"own"');
});

test("an answer over the bound fails as too large, frees its place, and is not asked again", async () => {
  const service = await serve((socket, { connection }) => socket.write(ok(connection === 1 ? "x".repeat(300_000) : "{}")));
  const wire = client({ connections: 1, maxAnswerBytes: 100_000 });
  await expect(wire.send(ask(service.origin))).rejects.toMatchObject({ kind: "too-large" });
  expect(String((await wire.send(ask(service.origin))).body)).toBe("{}");
  expect(service.texts).toHaveLength(2);
});

test("an answer of more than a parser's chunk comes whole", async () => {
  const body = "x".repeat(700_000);
  const service = await serve((socket) => socket.write(ok(body)));
  expect(String((await client().send(ask(service.origin))).body)).toBe(body);
});

test("an end after an answer before the answer is a break of an answer that had begun", async () => {
  const service = await serve((socket) => socket.end("HTTP/1.1 103 Early Hints\r\n\r\n"));
  await expect(client().send(ask(service.origin))).rejects.toMatchObject({ kind: "broken", answered: true });
});

test("closing ends what waits and what is under way, each once", async () => {
  const service = await serve(() => undefined);
  const wire = createWireClient({ connections: 1, maxAnswerBytes: 100 });
  const all = [wire.send(ask(service.origin)), wire.send(ask(service.origin))].map((one) => one.catch((error: unknown) => error));
  await until("the first one came", () => service.texts.length === 1);
  await wire.close();
  expect(await Promise.all(all)).toMatchObject([{ name: "UpstreamFailure" }, { name: "UpstreamFailure" }]);
  await until("the connection is closed", () => service.open.size === 0);
  expect(service.texts).toHaveLength(1);
});

test("an origin that the policy no longer names answers what is under way and keeps no connection", async () => {
  const waiting: Socket[] = [];
  const service = await serve((socket) => waiting.push(socket));
  const wire = client({ connections: 1 });
  const sent = [wire.send(ask(service.origin)), wire.send(ask(service.origin))];
  await until("the first one came", () => waiting.length === 1);
  wire.retain(new Set());
  waiting[0]?.write(ok("1"));
  await until("the second one came", () => waiting.length === 2);
  waiting[1]?.write(ok("2"));
  expect((await Promise.all(sent)).map(({ body }) => String(body))).toEqual(["1", "2"]);
  await until("the connection is closed", () => service.open.size === 0);
});
