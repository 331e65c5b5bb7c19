import { createServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { Webhook, WebhookVerificationError } from "standardwebhooks";
import { openReceivedStore } from "./received-store.ts";
import type { ReceivedStore, StoreLimits } from "./received-store.ts";

export type ReceiverOptions = {
  /** Port on 127.0.0.1; 0 takes a free one. */
  port?: number;
  /** Folder of `received.jsonl`, which keeps what arrived over restarts. */
  directory: string;
  /** Default: 100,000 requests and 64 MiB; past them the oldest are dropped and header `aqueduto-dropped` counts them. */
  limits?: StoreLimits;
};

export type Receiver = AsyncDisposable & {
  /** Without trailing slash. */
  url: string;
  /** Where webhooks are to be sent. */
  webhookUrl: string;
  /** Secrets (`whsec_...`) of which one must verify a request; before the first call nothing verifies. */
  setSecrets(secrets: readonly string[]): void;
  close(): Promise<void>;
};

const LARGEST_BODY_BYTES = 8 * 1024 * 1024;
const LOOPBACK_HOST = /^(127\.0\.0\.1|localhost)(:\d{1,5})?$/;

type Kept = { store: ReceivedStore; webhooks: readonly Webhook[] };

/**
 * The demo's webhook receiver: verifies Standard Webhooks signatures, answers the verification challenge, keeps every
 * request. `GET /received` lists `{webhook-id, verified, body}`, `DELETE /received` empties the list, a POST anywhere
 * else is a delivery: 204 when verified (200 with the challenge for a verification), 401 when not.
 */
export async function startReceiver(options: ReceiverOptions): Promise<Receiver> {
  const limits = options.limits ?? { records: 100_000, bytes: 64 * 1024 * 1024 };
  const kept: Kept = { store: await openReceivedStore(join(options.directory, "received.jsonl"), limits), webhooks: [] };
  const server = createServer((request, response) => {
    answer(kept, request, response).catch(() => fail(response));
  });
  const { port } = await listen(server, options.port ?? 0);
  const url = `http://127.0.0.1:${port}`;
  async function close(): Promise<void> {
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeIdleConnections();
    await closed;
    await kept.store.close();
  }
  return {
    url,
    webhookUrl: `${url}/webhook`,
    setSecrets(secrets) {
      kept.webhooks = secrets.map((secret) => new Webhook(secret));
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

async function answer(kept: Kept, request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (!LOOPBACK_HOST.test(request.headers.host ?? "")) {
    return send(response, 421, { error: "wrong host" });
  }
  const list = request.url === "/received";
  switch (request.method) {
    case "GET":
      return list ? sendList(kept.store, response) : send(response, 404, { error: "not found" });
    case "DELETE":
      return list ? clearList(kept.store, response) : send(response, 404, { error: "not found" });
    case "POST":
      return list ? send(response, 405, { error: "not allowed" }) : receive(kept, request, response);
    default:
      return send(response, 405, { error: "not allowed" });
  }
}

async function receive(kept: Kept, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = await readBody(request);
  if (body === undefined) {
    return send(response, 413, { error: "body too large" });
  }
  const verified = kept.webhooks.some((webhook) => verifies(webhook, body, request));
  const text = body.toString("utf8");
  await kept.store.append({ "webhook-id": header(request, "webhook-id") ?? null, verified, body: text });
  if (!verified) {
    return send(response, 401, { error: "signature not verified" });
  }
  const challenge = challengeOf(text);
  return challenge === undefined ? send(response, 204) : send(response, 200, { challenge });
}

function verifies(webhook: Webhook, body: Buffer, request: IncomingMessage): boolean {
  const names = ["webhook-id", "webhook-timestamp", "webhook-signature"];
  const headers = Object.fromEntries(names.map((name) => [name, header(request, name) ?? ""]));
  try {
    webhook.verify(body, headers, { jsonParse: false });
    return true;
  } catch (error) {
    if (error instanceof WebhookVerificationError) {
      return false;
    }
    throw error;
  }
}

/** The challenge of a verification request, `{"webhook-verification":[{"challenge":"..."}]}`. */
function challengeOf(text: string): string | undefined {
  const match = /^\{"webhook-verification":\[\{"challenge":"([A-Za-z0-9._-]{1,200})"\}\]\}$/.exec(text);
  return match?.[1];
}

async function readBody(request: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    const bytes = asBuffer(chunk);
    size += bytes.length;
    if (size <= LARGEST_BODY_BYTES) {
      chunks.push(bytes);
    }
  }
  return size > LARGEST_BODY_BYTES ? undefined : Buffer.concat(chunks);
}

/** Without an encoding set, node:http gives every chunk as a Buffer. */
function asBuffer(chunk: unknown): Buffer {
  if (!Buffer.isBuffer(chunk)) {
    throw new TypeError("a request chunk is a Buffer");
  }
  return chunk;
}

function header(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? value[0] : value;
}

function sendList(store: ReceivedStore, response: ServerResponse): void {
  response.writeHead(200, { "content-type": "application/json", "aqueduto-dropped": String(store.dropped()) });
  response.end(`[${store.lines().join(",")}]`);
}

async function clearList(store: ReceivedStore, response: ServerResponse): Promise<void> {
  await store.clear();
  send(response, 204);
}

function send(response: ServerResponse, status: number, body?: Record<string, string>): void {
  if (body === undefined) {
    response.writeHead(status).end();
    return;
  }
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}

/** The record could not be kept (or the client left): never a 2xx. */
function fail(response: ServerResponse): void {
  if (response.headersSent) {
    response.destroy();
  } else {
    send(response, 500, { error: "not kept" });
  }
}

function listen(server: Server, port: number): Promise<AddressInfo> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => {
      server.off("error", reject);
      resolve(boundAddress(server));
    });
  });
}

/** A server that listens on TCP has an address object, not a pipe name. */
function boundAddress(server: Server): AddressInfo {
  const address = server.address();
  if (address === null || typeof address === "string") {
    throw new TypeError("the receiver listens on TCP");
  }
  return address;
}
