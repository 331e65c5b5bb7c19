import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { until } from "../../../test/helpers/until.ts";
import { defaultLimits, type Handlers, type Inbound, type Outbound } from "../http/transport.ts";
import { ServerConnection } from "./server-connection.ts";

const say = (status: number, body = Buffer.from("{}")): Outbound => ({ status, headers: ["content-length", String(body.length)], body });
const get = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`;
const post = (path: string, body: string): string => `POST ${path} HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\n\r\n${body}`;

const ended = (socket: Socket): Promise<void> => new Promise((resolve) => socket.once("close", () => resolve()));

/** One connection of a caller and the gateway's side of it. */
async function bed(request: (inbound: Inbound) => Promise<Outbound>) {
  const calls: string[] = [];
  const aborted: Outbound[] = [];
  const state = { draining: false, malformed: 0 };
  const handlers: Handlers = {
    request(inbound) {
      calls.push(inbound.target);
      return request(inbound);
    },
    malformed(_peer, status) {
      state.malformed += 1;
      return Promise.resolve(say(status));
    },
    aborted: (answer) => aborted.push(answer),
  };
  const made = Promise.withResolvers<{ socket: Socket; connection: ServerConnection }>();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    const connection = new ServerConnection(socket, {
      certificateOf: () => undefined,
      handlers,
      limits: defaultLimits,
      isDraining: () => state.draining,
      closed: () => undefined,
    });
    made.resolve({ socket, connection });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const client = connect((server.address() as AddressInfo).port, "127.0.0.1");
  client.on("error", () => undefined);
  const got: Buffer[] = [];
  client.on("data", (chunk: Buffer) => got.push(chunk));
  onTestFinished(async () => {
    client.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  const { socket, connection } = await made.promise;
  return {
    client,
    socket,
    connection,
    calls,
    aborted,
    state,
    text: () => Buffer.concat(got).toString("latin1"),
    bytes: () => got.reduce((sum, { length }) => sum + length, 0),
    statuses: () =>
      Buffer.concat(got)
        .toString("latin1")
        .match(/HTTP\/1\.1 \d+/g),
    closed: ended(client),
    serverClosed: ended(socket),
    /** As if so much time had passed. */
    later: (ms: number) => connection.checkTime(performance.now() + ms),
  };
}

test("bytes that come one by one end with the time for a head, though each of them moved", async () => {
  const it = await bed(() => Promise.resolve(say(200)));
  for (const byte of "GET /slow HTTP/1.1\r\nHost") {
    const before = it.socket.bytesRead;
    it.client.write(byte);
    await until("it came", () => it.socket.bytesRead > before);
    it.later(9_000);
  }
  expect(it.statuses()).toBeNull();
  it.later(10_100);
  await it.closed;
  expect([it.statuses(), it.calls]).toEqual([["HTTP/1.1 408"], []]);
});

test("a flood of empty lines is refused and hurts nobody", async () => {
  const it = await bed(() => Promise.resolve(say(200)));
  it.client.write("\r\n".repeat(200_000));
  await it.closed;
  expect([it.state.malformed, it.calls]).toEqual([1, []]);
});

test("what a caller sends while its request is served stays with the kernel", async () => {
  const held = Promise.withResolvers<Outbound>();
  const it = await bed(() => held.promise);
  it.client.write(get("/held"));
  await until("it is served", () => it.calls.length === 1);
  it.client.write(Buffer.alloc(32 * 2 ** 20, "A"));
  await until("no more is read", () => it.socket.isPaused());
  expect(it.socket.bytesRead).toBeLessThan(300_000);
  held.resolve(say(200));
  await it.closed;
  expect(it.calls).toEqual(["/held"]);
});

test("of a caller that does not take its answers no further request is served", async () => {
  const it = await bed(() => Promise.resolve(say(200, Buffer.alloc(2 ** 20))));
  it.client.pause();
  it.client.write(get("/many").repeat(40));
  await until("an answer waits", () => it.socket.writableLength > 0);
  const served = it.calls.length;
  // another way there and back, and every timer that is due
  const other = await bed(() => Promise.resolve(say(200)));
  other.client.write(get("/other"));
  await until("another is answered", () => other.statuses() !== null);
  expect(it.calls.length).toBe(served);
  expect(it.socket.writableLength).toBeLessThan(2 ** 21);
  it.client.resume();
  await until("all are answered", () => it.calls.length === 40);
});

test("a large last answer reaches a caller that reads slowly, and is not aborted", async () => {
  const body = Buffer.alloc(24 * 2 ** 20, "x");
  const it = await bed(() => Promise.resolve({ ...say(200, body), close: true }));
  it.client.pause();
  it.client.write(get("/large"));
  await until("an answer waits", () => it.socket.writableLength > 0);
  it.later(60_000);
  it.client.resume();
  await it.closed;
  expect(it.bytes()).toBeGreaterThan(body.length);
  expect(it.aborted).toEqual([]);
});

test("an answer that the kernel took late, but whole, is not told as aborted", async () => {
  const it = await bed(() => Promise.resolve(say(200, Buffer.alloc(12 * 2 ** 20))));
  it.client.write(get("/a"));
  await until("it is there", () => it.bytes() > 12 * 2 ** 20);
  await until("the kernel took it", () => it.socket.writableLength === 0);
  it.client.destroy();
  await it.serverClosed;
  expect(it.aborted).toEqual([]);
});

test("an answer that its caller does not wait for is told as aborted, once", async () => {
  const it = await bed(() => Promise.resolve(say(200, Buffer.alloc(24 * 2 ** 20))));
  it.client.pause();
  it.client.write(get("/a") + get("/b"));
  await until("an answer waits", () => it.socket.writableLength > 0);
  it.client.resetAndDestroy();
  await it.serverClosed;
  await expect.poll(() => it.aborted.length).toBe(1);
  expect(it.calls).toEqual(["/a"]);
});

test("what waits behind a request is not served when the connection ends before its turn", async () => {
  const it = await bed(() => {
    // runs before the turn of the second request
    setImmediate(() => it.socket.destroy());
    return Promise.resolve(say(200));
  });
  it.client.write(get("/first") + get("/second"));
  await it.serverClosed;
  await new Promise((resolve) => setImmediate(resolve));
  expect(it.calls).toEqual(["/first"]);
});

test("bytes that come in the turn between two requests are read behind those that wait", async () => {
  const it = await bed(async (inbound) => {
    if (inbound.hasBody) {
      await inbound.readBody(100);
      setImmediate(() => it.socket.emit("data", Buffer.from("cond HTTP/1.1\r\nHost: a\r\n\r\n")));
    }
    return say(200);
  });
  it.client.write(`${post("/first", "{}")}GET /se`);
  await until("both are answered", () => it.statuses()?.length === 2);
  expect(it.calls).toEqual(["/first", "/second"]);
});

test("a body that is waited for too long gets one answer, 408, and its call ends", async () => {
  const read = Promise.withResolvers<unknown>();
  const it = await bed(async (inbound) => {
    const body = await inbound.readBody(100);
    read.resolve(body);
    return say(400);
  });
  it.client.write(post("/a", "12345").slice(0, -2));
  await until("it is served", () => it.calls.length === 1);
  it.later(29_000);
  expect(it.state.malformed).toBe(0);
  it.later(30_100);
  expect(await read.promise).toBe("aborted");
  await it.closed;
  expect([it.statuses(), it.aborted.length]).toEqual([["HTTP/1.1 408"], 1]);
});

test("a body over its limit is answered once, however late, and no byte of it is a request", async () => {
  const held = Promise.withResolvers<void>();
  const it = await bed(async (inbound) => {
    const body = await inbound.readBody(10);
    await held.promise;
    return say(body === "too-large" ? 413 : 200);
  });
  it.client.write(post("/a", get("/smuggled").repeat(4)).slice(0, -2));
  await until("it is served", () => it.calls.length === 1);
  await until("its bytes came", () => it.socket.bytesRead > 100);
  it.later(31_000);
  it.client.write("xx");
  held.resolve();
  await it.closed;
  expect([it.statuses(), it.calls, it.state.malformed]).toEqual([["HTTP/1.1 413"], ["/a"], 0]);
});

test("a body whose framing breaks is answered by its own call, once", async () => {
  const it = await bed(async (inbound) => say((await inbound.readBody(100)) === "aborted" ? 400 : 200));
  it.client.write("POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\nno size\r\n");
  await it.closed;
  expect([it.statuses(), it.state.malformed]).toEqual([["HTTP/1.1 400"], 0]);
});

test("a body is read as aborted when the connection ended before anybody asked for it", async () => {
  const held = Promise.withResolvers<void>();
  const read = Promise.withResolvers<unknown>();
  const it = await bed(async (inbound) => {
    await held.promise;
    read.resolve(await inbound.readBody(100));
    return say(200);
  });
  it.client.write(post("/a", "12345"));
  await until("it is served", () => it.calls.length === 1);
  it.socket.destroy();
  await it.serverClosed;
  held.resolve();
  expect(await read.promise).toBe("aborted");
  await until("its answer is nobody's", () => it.aborted.length === 1);
});

test("HTTP/1.0 is never sent an answer before the answer", async () => {
  const it = await bed(async (inbound) => {
    await inbound.readBody(100);
    return say(200);
  });
  it.client.write(post("/a", "{}").replace("HTTP/1.1", "HTTP/1.0").replace("Host", "Expect: 100-continue\r\nHost"));
  await it.closed;
  expect(it.statuses()).toEqual(["HTTP/1.1 200"]);
});

test("a connection that waits to send ends with its answer once the server drains", async () => {
  const it = await bed(() => Promise.resolve(say(200, Buffer.alloc(24 * 2 ** 20))));
  it.client.pause();
  it.client.write(get("/a") + get("/b"));
  await until("an answer waits", () => it.socket.writableLength > 0);
  it.state.draining = true;
  it.connection.drain();
  it.client.resume();
  await it.closed;
  expect([it.calls, it.aborted.length, it.bytes() > 24 * 2 ** 20]).toEqual([["/a"], 0, true]);
});

test("the answer to HEAD, 204 and 304 has no body", async () => {
  const it = await bed((inbound) => Promise.resolve(inbound.method === "HEAD" ? say(200) : { status: 204, headers: [], body: undefined }));
  it.client.write(get("/head").replace("GET", "HEAD") + get("/none"));
  await until("both are answered", () => it.statuses()?.length === 2);
  expect(it.text()).toMatch(/content-length: 2\r\n\r\nHTTP\/1\.1 204 No Content\r\n(?![^]*content-length)[^]*\r\n\r\n$/);
});
