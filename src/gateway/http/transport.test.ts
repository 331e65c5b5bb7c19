import { connect } from "node:net";
import { describe, expect, test } from "vitest";
import { engines } from "../engine.ts";
import { sendJson, startTestGateway, startUpstream } from "../testing/test-gateway.ts";
import { makeToken, policyRows, tokenRow } from "../testing/test-policy.ts";
import { defaultLimits, type Handlers, type Outbound } from "./transport.ts";

const token = makeToken();
const auth = `Authorization: Bearer ${token}`;
const get = `GET /v1/properties/1 HTTP/1.1\r\nHost: gateway\r\n${auth}\r\n\r\n`;

/** A connection whose bytes can be waited for. */
function open(port: number) {
  const socket = connect(port, "127.0.0.1");
  let text = "";
  let wake = (): void => undefined;
  socket.on("data", (chunk: Buffer) => {
    text += chunk.toString("latin1");
    wake();
  });
  socket.on("error", () => undefined);
  const closed = new Promise<string>((resolve) => socket.on("close", () => resolve(text)));
  return {
    write: (bytes: string) => socket.write(bytes),
    destroy: () => socket.destroy(),
    closed,
    async until(pattern: RegExp): Promise<string> {
      while (!pattern.test(text)) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      return text;
    },
  };
}

const rows = (url: string) => policyRows({ sandbox: url }, { tokens: [tokenRow(token)] });

describe.each(["wire", "node"] as const)("engine %s", (engine) => {
  test("a connection is kept and requests sent at once are answered in order", async () => {
    await using upstream = await startUpstream((_request, response) => sendJson(response, 200, '{"matricula":"1"}'));
    await using gateway = await startTestGateway(rows(upstream.url), { engine });
    const connection = open(gateway.port);
    connection.write(get + get.replace("/1 ", "/x ") + get);
    const text = await connection.until(/(HTTP\/1\.1 [^]*){3}\}$/);
    expect(text.match(/HTTP\/1\.1 \d+/g)).toEqual(["HTTP/1.1 200", "HTTP/1.1 422", "HTTP/1.1 200"]);
    connection.destroy();
  });

  test("a body that is refused unread ends the connection, so that its bytes are never taken for a request", async () => {
    await using upstream = await startUpstream((_request, response) => sendJson(response, 200, "{}"));
    await using gateway = await startTestGateway(rows(upstream.url), { engine });
    const connection = open(gateway.port);
    connection.write(`POST /v1/nothing HTTP/1.1\r\nHost: gateway\r\n${auth}\r\nContent-Length: ${get.length}\r\n\r\n${get}`);
    const text = await connection.closed;
    expect(text.match(/HTTP\/1\.1 \d+/g)).toEqual(["HTTP/1.1 404"]);
    expect(upstream.received).toHaveLength(0);
  });

  test("100 Continue comes only once the request has passed everything before its body", async () => {
    await using upstream = await startUpstream((_request, response) => sendJson(response, 201, '{"property":"1"}'));
    await using gateway = await startTestGateway(rows(upstream.url), { engine });
    const head = (authorization: string) =>
      `POST /v1/requests HTTP/1.1\r\nHost: gateway\r\n${authorization}\r\nContent-Type: application/json\r\nContent-Length: 16\r\nExpect: 100-continue\r\n\r\n`;
    const stranger = open(gateway.port);
    stranger.write(head("X-A: 1"));
    expect(await stranger.closed).toMatch(/^HTTP\/1\.1 401/);
    const known = open(gateway.port);
    known.write(head(auth));
    expect(await known.until(/100 Continue/)).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\n$/);
    known.write('{"property":"1"}');
    expect(await known.until(/HTTP\/1\.1 201/)).toContain("201");
    known.destroy();
  });

  test("bytes that are no request are answered after the requests before them, once, and end the connection", async () => {
    const held = Promise.withResolvers<() => void>();
    await using upstream = await startUpstream((_request, response) => held.resolve(() => sendJson(response, 200, '{"matricula":"1"}')));
    await using gateway = await startTestGateway(rows(upstream.url), { engine });
    const connection = open(gateway.port);
    connection.write(`${get}NO REQUEST\r\n\r\n`);
    const release = await held.promise;
    connection.write("NOR THIS\r\n\r\n");
    release();
    const text = await connection.closed;
    expect(text.match(/HTTP\/1\.1 \d+/g)).toEqual(["HTTP/1.1 200", "HTTP/1.1 400"]);
    expect(gateway.records.map(({ phase, status }) => [phase, status])).toEqual([
      ["answer", 200],
      ["answer", 400],
    ]);
  });

  test("a request refused before its broken body gets one answer", async () => {
    // both are recorded by one write, as the journal does it
    const written = Promise.withResolvers<void>();
    const later = async (status: number): Promise<Outbound> => {
      setImmediate(written.resolve);
      await written.promise;
      return { status, headers: ["content-length", "0"], body: undefined };
    };
    const handlers: Handlers = { request: () => later(401), malformed: () => later(400), aborted: () => {} };
    const transport = await engines[engine].startTransport({ host: "127.0.0.1", port: 0 }, handlers);
    const connection = open(transport.port);
    connection.write("POST / HTTP/1.1\r\nHost: gateway\r\nTransfer-Encoding: chunked\r\n\r\nno chunk\r\n");
    expect((await connection.closed).match(/HTTP\/1\.1 \d+/g)).toEqual(["HTTP/1.1 401"]);
    await transport.drain(0);
  });

  test("a caller that does not read its answer loses its connection", async () => {
    const body = Buffer.alloc(16 * 2 ** 20);
    const aborted = Promise.withResolvers<Outbound>();
    const handlers: Handlers = {
      request: () => Promise.resolve({ status: 200, headers: ["content-length", String(body.length)], body }),
      malformed: () => Promise.resolve({ status: 400, headers: [], body: undefined }),
      aborted: (answer) => aborted.resolve(answer),
    };
    const transport = await engines[engine].startTransport({ host: "127.0.0.1", port: 0 }, handlers, {
      ...defaultLimits,
      silenceTimeoutMs: 100,
    });
    const socket = connect(transport.port, "127.0.0.1").pause();
    socket.on("error", () => undefined);
    socket.write(get);
    expect((await aborted.promise).status).toBe(200);
    socket.destroy();
    await transport.drain(0);
  });

  test("draining finishes the call under way, closes its connection, and takes no other", async () => {
    const held = Promise.withResolvers<() => void>();
    await using upstream = await startUpstream((_request, response) => held.resolve(() => sendJson(response, 200, '{"matricula":"1"}')));
    await using gateway = await startTestGateway(rows(upstream.url), { engine });
    const connection = open(gateway.port);
    connection.write(get);
    const release = await held.promise;
    const drained = gateway.drain(10_000);
    await expect(gateway.call("GET", "/v1/properties/1", { token })).rejects.toThrow("ECONNREFUSED");
    release();
    const text = await connection.closed;
    expect(text).toMatch(/^HTTP\/1\.1 200/);
    expect(text).toMatch(/connection: close/i);
    await drained;
  });

  test("draining ends by its deadline what does not end by itself", async () => {
    const called = Promise.withResolvers<void>();
    await using upstream = await startUpstream(() => called.resolve());
    await using gateway = await startTestGateway(rows(upstream.url), { engine });
    const connection = open(gateway.port);
    connection.write(get);
    await called.promise;
    await gateway.drain(50);
    expect(await connection.closed).toBe("");
  });

  test("an answer that the caller did not wait for is recorded as answered and as aborted", async () => {
    const held = Promise.withResolvers<() => void>();
    await using upstream = await startUpstream((_request, response) => held.resolve(() => sendJson(response, 200, '{"matricula":"1"}')));
    await using gateway = await startTestGateway(rows(upstream.url), { engine });
    const connection = open(gateway.port);
    connection.write(get);
    const release = await held.promise;
    connection.destroy();
    await connection.closed;
    // another call's way there and back: by then the gateway has seen the first one's caller leave
    await gateway.call("GET", "/");
    const before = gateway.records.length;
    release();
    while (gateway.records.length < before + 2) await new Promise((resolve) => setImmediate(resolve));
    expect(gateway.records.slice(before).map(({ phase, status, clause }) => [phase, status, clause])).toEqual([
      ["answer", 200, undefined],
      ["completion", 200, "aborted"],
    ]);
  });
});
