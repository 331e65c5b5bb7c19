import { createServer, request, type IncomingMessage, type ServerResponse } from "node:http";
import { connect, type AddressInfo } from "node:net";
import { createSubjectHasher } from "../../audit/subject-hash.ts";
import type { AccessRecord } from "../../contract/access-record.ts";
import { createLog } from "../../platform/log.ts";
import { createAuditTrail } from "../audit/audit-trail.ts";
import { type EngineName, engines } from "../engine.ts";
import { createConnectionGate } from "../http/connection-gate.ts";
import { defaultLimits, type Entrance, type TransportLimits } from "../http/transport.ts";
import { createBucketStore } from "../limits/bucket-store.ts";
import { createObjectWatch } from "../limits/object-watch.ts";
import { testQuotas } from "./test-quotas.ts";
import { createPipeline, type PipelineParts } from "../pipeline.ts";
import { compileSnapshot } from "../policy/compile-snapshot.ts";
import { createContractCache } from "../policy/contract-cache.ts";
import type { PolicyRows } from "../policy/policy-rows.ts";
import { createReplayCache } from "../signature/replay-cache.ts";
import { createRevokedHere } from "../revocation/revoked-here.ts";
import { createUpstreams } from "../upstream/upstreams.ts";
import { keys, now, pepper, subjectSecret } from "./test-policy.ts";

/** A clock that stands still until a test moves it. */
export type TestClock = { now(): Date; monotonicMs(): number; advance(ms: number): void };

export function createTestClock(): TestClock {
  let passedMs = 0;
  return {
    now: () => new Date(now.getTime() + passedMs),
    monotonicMs: () => 1_000_000 + passedMs,
    advance(ms) {
      passedMs += ms;
    },
  };
}

export type Received = { method: string; url: string; headers: IncomingMessage["headers"]; body: string };
export type Upstream = { url: string; received: Received[]; bytes(): string } & AsyncDisposable;

/** A real HTTP server that keeps every byte it is sent. */
export async function startUpstream(answer: (request: Received, response: ServerResponse) => void): Promise<Upstream> {
  const received: Received[] = [];
  const chunks: Buffer[] = [];
  const server = createServer((incoming, response) => {
    const body: Buffer[] = [];
    incoming.on("data", (chunk: Buffer) => body.push(chunk));
    incoming.on("end", () => {
      const seen = {
        method: incoming.method ?? "",
        url: incoming.url ?? "",
        headers: incoming.headers,
        body: Buffer.concat(body).toString(),
      };
      received.push(seen);
      answer(seen, response);
    });
  });
  server.on("connection", (socket) => socket.on("data", (chunk: Buffer) => chunks.push(chunk)));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    bytes: () => Buffer.concat(chunks).toString("latin1"),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export function sendJson(response: ServerResponse, status: number, body: string): void {
  response.writeHead(status, { "content-type": "application/json" }).end(body);
}

export type Reply = { status: number; headers: Record<string, string>; body: string; json: Record<string, unknown> };

export type TestGateway = {
  port: number;
  records: AccessRecord[];
  clock: TestClock;
  parts: PipelineParts;
  /** Makes the journal refuse from now on. */
  journal: { full: boolean };
  call(method: string, path: string, more?: { token?: string; headers?: Record<string, string>; body?: string }): Promise<Reply>;
  /** Sends bytes as they are; resolves with all that came back when the gateway closes, or says nothing for a while after an answer. */
  raw(bytes: string | Buffer): Promise<string>;
  use(rows: PolicyRows): void;
  drain(deadlineMs: number): Promise<void>;
} & AsyncDisposable;

export type TestGatewayOptions = {
  parts?: Partial<PipelineParts>;
  transport?: Partial<TransportLimits>;
  entrance?: Entrance;
  maxAnswerBytes?: number;
  /** Default `wire`. */
  engine?: EngineName;
};

const contracts = createContractCache();
const compileWith = {
  keys,
  contracts,
  onFault(_serviceId: string, error: unknown): void {
    throw error;
  },
};

/** The pipeline and the real transport over a hand-built policy. */
export async function startTestGateway(rows: PolicyRows, more: TestGatewayOptions = {}): Promise<TestGateway> {
  const clock = createTestClock();
  const log = createLog("silent");
  const records: AccessRecord[] = [];
  const journal = { full: false };
  const sink = {
    append(record: AccessRecord): Promise<void> {
      if (journal.full) return Promise.reject(new Error("full"));
      records.push(record);
      return Promise.resolve();
    },
  };
  let snapshot = compileSnapshot(rows, compileWith);
  const engine = engines[more.engine ?? "wire"];
  const upstream = createUpstreams(engine.createUpstreamClient({ connections: 4, maxAnswerBytes: more.maxAnswerBytes ?? 100_000 }));
  const parts: PipelineParts = {
    policy: () => snapshot,
    catchUp: () => undefined,
    revokedHere: createRevokedHere(),
    keyring: { pepper },
    audit: createAuditTrail({ journal: sink, keys, hashSubject: createSubjectHasher(subjectSecret), clock, log }),
    upstream,
    buckets: createBucketStore(),
    quotas: testQuotas(() => clock.monotonicMs()),
    preflightBuckets: createBucketStore(),
    objectWatch: createObjectWatch({ signals: { raise: () => undefined } }),
    replays: createReplayCache({ keptMs: 90_000, mostPerOwner: 100, most: 1_000 }),
    callGate: createConnectionGate({ total: 100, perAddress: 100 }),
    isTrustedProxy: () => false,
    clock,
    log,
    ...more.parts,
  };
  const limits = { ...defaultLimits, ...more.transport };
  const transport = await engine.startTransport({ host: "127.0.0.1", port: 0 }, createPipeline(parts), limits, more.entrance);
  return {
    port: transport.port,
    records,
    clock,
    parts,
    journal,
    call: (method, path, options = {}) => call(transport.port, { method, path, ...options }),
    raw: (bytes) => raw(transport.port, bytes),
    use(next) {
      snapshot = compileSnapshot(next, compileWith);
    },
    drain: (deadlineMs) => transport.drain(deadlineMs),
    async [Symbol.asyncDispose]() {
      await transport.drain(0);
      await upstream.close();
    },
  };
}

function call(
  port: number,
  options: { method: string; path: string; token?: string; headers?: Record<string, string>; body?: string },
): Promise<Reply> {
  const { method, path, token, headers = {}, body } = options;
  return new Promise((resolve, reject) => {
    const outgoing = request(
      {
        host: "127.0.0.1",
        port,
        method,
        path,
        agent: false,
        headers: {
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
          ...(body === undefined ? {} : { "content-type": "application/json", "content-length": String(Buffer.byteLength(body)) }),
          ...headers,
        },
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("error", reject);
        response.on("end", () => {
          const text = Buffer.concat(chunks).toString();
          resolve({
            status: response.statusCode ?? 0,
            headers: Object.fromEntries(Object.entries(response.headers).map(([name, value]) => [name, String(value)])),
            body: text,
            json: text.startsWith("{") ? (JSON.parse(text) as Record<string, unknown>) : {},
          });
        });
      },
    );
    outgoing.on("error", reject);
    outgoing.end(body);
  });
}

function raw(port: number, bytes: string | Buffer): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1", () => socket.write(bytes));
    let text = "";
    socket.on("data", (chunk: Buffer) => {
      text += chunk.toString("latin1");
    });
    socket.on("close", () => resolve(text));
    socket.on("error", (error: Error & { code?: string }) => (error.code === "ECONNRESET" ? resolve(text) : reject(error)));
    // an answer that keeps the connection open: half-closing makes the gateway close when it has sent everything
    socket.setTimeout(1_500, () => socket.end());
  });
}
