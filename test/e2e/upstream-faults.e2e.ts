import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { PlatformProcess, until, type Demo } from "../helpers/platform-process.ts";

let platform: PlatformProcess;
let demo: Demo;
let first: Relay;
let second: Relay;

/** A TCP relay in front of the base that can stop and start again on its port. */
class Relay {
  connections = 0;
  port = 0;
  #mode: "pass" | "silent" | "reset" = "pass";
  readonly #sockets = new Set<Socket>();
  readonly #server = createServer((socket) => this.#take(socket));
  readonly #base: URL;

  constructor(base: string) {
    this.#base = new URL(base);
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  async start(mode: "pass" | "silent" | "reset" = "pass"): Promise<void> {
    this.#mode = mode;
    this.#server.listen(this.port, "127.0.0.1");
    await once(this.#server, "listening");
    this.port = (this.#server.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #take(socket: Socket): void {
    this.connections += 1;
    this.#keep(socket);
    if (this.#mode === "silent") return void socket.resume();
    if (this.#mode === "reset") return void socket.once("data", () => socket.resetAndDestroy());
    const base = connect(Number(this.#base.port), this.#base.hostname);
    this.#keep(base);
    socket.pipe(base).pipe(socket);
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on("error", () => socket.destroy()).on("close", () => this.#sockets.delete(socket));
  }
}

beforeAll(async () => {
  platform = await PlatformProcess.start();
  demo = await platform.demo();
  first = new Relay(demo.base);
  second = new Relay(demo.base);
  await first.start();
  await second.start();
  const { serviceId, etag, headers } = await theService();
  const body = JSON.stringify({ targets: { live: [], sandbox: [first.url, second.url] } });
  const changed = await fetch(`${demo.admin}/v1/services/${serviceId}`, {
    method: "PATCH",
    headers: { ...headers, "if-match": etag, "content-type": "application/json" },
    body,
  });
  expect(changed.status).toBe(200);
  await until("both targets are used", async () => (await call()).status === 200 && first.connections > 0 && second.connections > 0);
});

afterAll(async () => {
  await Promise.all([first?.stop(), second?.stop()]);
  await platform?.[Symbol.asyncDispose]();
});

/** The service of the demo's call. */
async function theService(): Promise<{ serviceId: string; etag: string; headers: Record<string, string> }> {
  const headers = { authorization: `Bearer ${await platform.operatorKey()}` };
  const { items } = (await (await fetch(`${demo.admin}/v1/services`, { headers })).json()) as {
    items: { service_id: string; sandbox_url: string | null }[];
  };
  const serviceId = items.find((one) => one.sandbox_url === demo.base)?.service_id ?? "";
  const found = await fetch(`${demo.admin}/v1/services/${serviceId}`, { headers });
  return { serviceId, etag: found.headers.get("etag") ?? "", headers };
}

async function call(): Promise<{ status: number; code: unknown; retryAfter: string | null }> {
  const answer = await fetch(demo.gateway + demo.call.path, { headers: { authorization: `Bearer ${demo.token}` } });
  const body = (await answer.json()) as Record<string, unknown>;
  return { status: answer.status, code: body["code"], retryAfter: answer.headers.get("retry-after") };
}

/** The next answer that is not the license's limit. */
function served(): ReturnType<typeof call> {
  return until("a call within the limit", async () => {
    const reply = await call();
    return reply.status !== 429 && reply;
  });
}

test("promise: one of two targets stops, and no reading call fails", async () => {
  await first.stop();
  const statuses = [];
  for (let i = 0; i < 15; i += 1) statuses.push((await served()).status);
  expect(new Set(statuses)).toEqual(new Set([200]));
});

test("promise: both targets stop, and calls are refused at once with a reason and a time; they are served when one is back", async () => {
  await second.stop();
  const refused = await until("it is refused without asking", async () => {
    const reply = await served();
    expect([502, 503]).toContain(reply.status);
    return reply.status === 503 && reply;
  });
  expect(refused.code).toBe("upstream-unavailable");
  expect(Number(refused.retryAfter)).toBeGreaterThan(0);
  await second.start();
  await until("it is served again", async () => (await served()).status === 200, 60_000);
});

test("promise: a target that resets every connection is 502 or refused, never anything else, and heals", async () => {
  await second.stop();
  await second.start("reset");
  for (let i = 0; i < 8; i += 1) expect([502, 503]).toContain((await served()).status);
  await second.stop();
  await second.start();
  await until("it is served again", async () => (await served()).status === 200, 60_000);
});

test("promise: a silent target is 504 at the operation's deadline", async () => {
  await second.stop();
  await second.start("silent");
  const slow = await until("one waits for it", async () => {
    const reply = await served();
    return reply.status === 504 && reply;
  });
  expect(slow.code).toBe("upstream-timeout");
});
