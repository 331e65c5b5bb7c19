import { createServer } from "node:net";
import { expect, test } from "vitest";
import { startReceiver } from "../../test/helpers/receiver.ts";
import { systemClock } from "../platform/clock.ts";
import { Sender, type SenderOptions } from "./send.ts";
import type { Target } from "./target.ts";

function targetOf(address: string, more: Partial<Target> = {}): Target {
  return {
    tenantId: "ten_1",
    webhookId: "whk_1",
    url: `http://${address}/hook?x=1`,
    eventTypes: ["client-transaction"],
    mode: "live",
    state: "verified",
    maxBatch: 500,
    secretSealed: Buffer.alloc(0),
    allowedAddress: address,
    demo: true,
    partnerState: "active",
    licenseState: "active",
    startsAt: new Date(0),
    endsAt: new Date(8e15),
    grants: new Map(),
    ...more,
  };
}

const request = { headers: { "content-type": "application/json" }, body: '{"a":"é"}' };

function open(more: Partial<SenderOptions> = {}) {
  const sender = new Sender({ clock: systemClock, connections: 4, totalTimeoutMs: 1_000, forbidden: () => [], ...more });
  return Object.assign(sender, { [Symbol.asyncDispose]: () => sender.close() });
}

/** A TCP server that answers every request with these bytes. */
async function rawServer(answer: string) {
  const server = createServer((socket) => {
    socket.on("error", () => undefined);
    socket.on("data", () => socket.write(answer));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const bound = server.address();
  const port = typeof bound === "object" && bound !== null ? bound.port : 0;
  return { address: `127.0.0.1:${port}`, [Symbol.dispose]: () => void server.close() };
}

test("body and path arrive as given, and the connection is kept for the next try", async () => {
  await using receiver = await startReceiver((_request, response) => response.writeHead(200).end("ok"));
  await using sender = open();
  const first = await sender.send(targetOf(receiver.address), request);
  await sender.send(targetOf(receiver.address), request);
  expect(first).toMatchObject({ status: 200, answer: "ok" });
  expect(receiver.received.map((got) => got.body)).toEqual([request.body, request.body]);
});

test("keep-alive: twenty tries one after another use no more connections than the window has", async () => {
  const ports = new Set<number | undefined>();
  await using receiver = await startReceiver((_request, response) => {
    ports.add(response.socket?.remotePort);
    response.writeHead(204).end();
  });
  await using sender = open();
  for (let i = 0; i < 20; i += 1) expect((await sender.send(targetOf(receiver.address), request)).status).toBe(204);
  expect(ports.size).toBeLessThanOrEqual(4);
});

test("a redirect is returned and not followed", async () => {
  await using elsewhere = await startReceiver();
  await using receiver = await startReceiver((_request, response) => response.writeHead(302, { location: elsewhere.url }).end());
  await using sender = open();
  expect((await sender.send(targetOf(receiver.address), request)).status).toBe(302);
  expect(elsewhere.received).toHaveLength(0);
});

test("an answer without end is cut at 64 kB and its connection dropped", async () => {
  await using receiver = await startReceiver((_request, response) => {
    response.writeHead(200);
    const more = () => {
      while (response.write("x".repeat(16_384)));
    };
    response.on("drain", more);
    more();
  });
  await using sender = open({ totalTimeoutMs: 10_000 });
  const result = await sender.send(targetOf(receiver.address), request);
  expect(result.status).toBe(200);
  expect(result.answer.length).toBe(65_536);
});

test.each([
  ["silence", () => undefined, "timeout"],
  ["a body that never ends after a 2xx status", undefined, undefined],
])("%s is ended by the total timeout", async (_name, answer, errorCode) => {
  await using receiver = await startReceiver(answer ?? ((_request, response) => void response.writeHead(200).write("a")));
  await using sender = open({ totalTimeoutMs: 300 });
  const result = await sender.send(targetOf(receiver.address), request);
  expect(result.errorCode).toBe(errorCode);
  expect(result.status).toBe(errorCode === undefined ? 200 : undefined);
});

test.each([
  ["headers above 16 kB", `HTTP/1.1 200 OK\r\n${`x-a: ${"a".repeat(1000)}\r\n`.repeat(40)}\r\n`],
  ["no HTTP", "220 mail.example ESMTP\r\n"],
])("%s is a malformed answer", async (_name, bytes) => {
  using server = await rawServer(bytes);
  await using sender = open();
  expect((await sender.send(targetOf(server.address), request)).errorCode).toBe("answer-malformed");
});

test("a refused connection has its code", async () => {
  let address: string;
  {
    using server = await rawServer("");
    address = server.address;
  }
  await using sender = open();
  expect((await sender.send(targetOf(address), request)).errorCode).toBe("connection-refused");
});

test.each([
  ["a name that resolves to loopback", ["127.0.0.1"], "address-refused"],
  ["a name with one private answer among public ones", ["8.8.8.8", "10.0.0.1"], "address-refused"],
  ["a name that resolves to cloud metadata, mapped", ["::ffff:169.254.169.254"], "address-refused"],
  ["a name without addresses", [], "name-unresolved"],
])("%s is not connected to", async (_name, addresses, errorCode) => {
  await using sender = open({ resolve: async () => addresses });
  const target = targetOf("127.0.0.1:1", { url: "https://hooks.example/", allowedAddress: null });
  expect((await sender.send(target, request)).errorCode).toBe(errorCode);
});

test("a name is resolved once per connection: the address that was vetted is the one connected to", async () => {
  await using receiver = await startReceiver();
  let lookups = 0;
  const port = receiver.address.split(":")[1] ?? "";
  await using sender = open({ resolve: async () => (lookups++ === 0 ? ["127.0.0.1"] : ["10.0.0.1"]) });
  // https to a plain receiver: the connection is made to the vetted address, and TLS then fails
  const target = targetOf(receiver.address, { url: `https://hooks.example:${port}/` });
  expect((await sender.send(target, request)).errorCode).toBe("tls-failed");
  expect(lookups).toBe(1);
  expect((await sender.send(target, request)).errorCode).toBe("address-refused");
});

test("a listener that becomes forbidden is refused at the next try, though a connection is open", async () => {
  await using receiver = await startReceiver();
  const forbidden: { host: string; port: number }[] = [];
  await using sender = open({ forbidden: () => forbidden });
  expect((await sender.send(targetOf(receiver.address), request)).status).toBe(204);
  forbidden.push({ host: "0.0.0.0", port: Number(receiver.address.split(":")[1]) });
  expect((await sender.send(targetOf(receiver.address), request)).errorCode).toBe("target-forbidden");
  expect(receiver.received).toHaveLength(1);
});

test("the allow-list taken away counts at the next try, though a connection is open", async () => {
  await using receiver = await startReceiver();
  await using sender = open();
  await sender.send(targetOf(receiver.address), request);
  expect((await sender.send(targetOf(receiver.address, { demo: false }), request)).errorCode).toBe("https-required");
});

test("a failing result never names the URL", async () => {
  await using sender = open({
    resolve: () => Promise.reject(Object.assign(new Error("getaddrinfo ENOTFOUND secret.example"), { code: "ENOTFOUND" })),
  });
  const result = await sender.send(targetOf("127.0.0.1:1", { url: "https://secret.example/path", allowedAddress: null }), request);
  expect(result.errorCode).toBe("name-unresolved");
  expect(JSON.stringify(result)).not.toContain("secret.example");
});
