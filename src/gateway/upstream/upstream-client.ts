import { Pool, type Dispatcher } from "undici";

export type UpstreamRequest = {
  /** Scheme, host and port. */
  origin: string;
  method: Dispatcher.HttpMethod;
  path: string;
  headers: Record<string, string>;
  body: string | undefined;
  /** For connection, headers and body together, in milliseconds. */
  timeoutMs: number;
};

export type UpstreamAnswer = { status: number; contentType: string | undefined; body: Buffer };

/** How it failed: nobody there, the connection broke, out of time, or the answer was too large. Holds no text of the upstream. */
export class UpstreamFailure extends Error {
  readonly kind: "connect" | "broken" | "timeout" | "too-large";
  /** An answer had begun. */
  readonly answered: boolean;

  constructor(kind: UpstreamFailure["kind"], cause?: unknown, answered = false) {
    super(`upstream: ${kind}`, cause === undefined ? undefined : { cause });
    this.name = "UpstreamFailure";
    this.kind = kind;
    this.answered = answered;
  }
}

/** The exchange: keep-alive connections to the services, one pool per origin. Follows no redirect and repeats nothing. */
export type UpstreamClient = {
  /** One request, sent once, and its whole answer. Rejects with UpstreamFailure. */
  send(request: UpstreamRequest): Promise<UpstreamAnswer>;
  /** Closes the pools of origins that the policy no longer names, after their calls. */
  retain(origins: ReadonlySet<string>): void;
  close(): Promise<void>;
};

export function createUpstreamClient(options: { connections: number; maxAnswerBytes: number }): UpstreamClient {
  const pools = new Map<string, Pool>();

  function poolOf(origin: string): Pool {
    const pool =
      pools.get(origin) ??
      new Pool(origin, { connections: options.connections, pipelining: 1, allowH2: false, connect: { timeout: 5_000 } });
    pools.set(origin, pool);
    return pool;
  }

  return {
    send: (request) => exchange(poolOf(request.origin), request, options.maxAnswerBytes),
    retain(origins) {
      for (const [origin, pool] of pools) {
        if (origins.has(origin)) continue;
        pools.delete(origin);
        void pool.close();
      }
    },
    async close() {
      const all = [...pools.values()];
      pools.clear();
      await Promise.all(all.map((pool) => pool.destroy()));
    },
  };
}

function exchange(pool: Pool, request: UpstreamRequest, maxAnswerBytes: number): Promise<UpstreamAnswer> {
  return new Promise((resolve, reject) => {
    const collector = new AnswerCollector({ maxAnswerBytes, resolve, reject });
    const timer = setTimeout(() => collector.fail(new UpstreamFailure("timeout")), request.timeoutMs);
    collector.settled = () => clearTimeout(timer);
    pool.dispatch(
      {
        path: request.path,
        method: request.method,
        headers: request.headers,
        body: request.body ?? null,
        // the timer above is exact and covers everything; these only free what it aborted
        headersTimeout: request.timeoutMs + 1_000,
        bodyTimeout: request.timeoutMs + 1_000,
      },
      collector,
    );
  });
}

type CollectorOptions = { maxAnswerBytes: number; resolve: (answer: UpstreamAnswer) => void; reject: (failure: UpstreamFailure) => void };

/** Gathers one answer; settles once, whatever comes after. */
class AnswerCollector implements Dispatcher.DispatchHandler {
  settled: () => void = () => undefined;
  readonly #options: CollectorOptions;
  #controller: Dispatcher.DispatchController | undefined;
  #done = false;
  #failure: UpstreamFailure | undefined;
  #status = 0;
  #contentType: string | undefined;
  #chunks: Buffer[] = [];
  #bytes = 0;

  constructor(options: CollectorOptions) {
    this.#options = options;
  }

  /** Ends the exchange for the caller, and on the wire; one that waits in the queue is dropped before its first byte. */
  fail(failure: UpstreamFailure): void {
    if (this.#done) return;
    this.#done = true;
    this.#failure = failure;
    this.settled();
    this.#controller?.abort(failure);
    this.#options.reject(failure);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#failure !== undefined) controller.abort(this.#failure);
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    statusCode: number,
    headers: Record<string, string | string[] | undefined>,
  ): void {
    if (statusCode < 200) return;
    this.#status = statusCode;
    const type = headers["content-type"];
    this.#contentType = typeof type === "string" ? type : undefined;
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#bytes += chunk.length;
    if (this.#bytes > this.#options.maxAnswerBytes) this.fail(new UpstreamFailure("too-large"));
    else this.#chunks.push(chunk);
  }

  onResponseEnd(): void {
    if (this.#done) return;
    this.#done = true;
    this.settled();
    this.#options.resolve({ status: this.#status, contentType: this.#contentType, body: Buffer.concat(this.#chunks, this.#bytes) });
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error & { code?: string }): void {
    this.fail(new UpstreamFailure(kindOf(error.code), error, this.#status > 0));
  }
}

const connectCodes = new Set([
  "ECONNREFUSED",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EADDRNOTAVAIL",
  "UND_ERR_CONNECT_TIMEOUT",
]);
const timeoutCodes = new Set(["UND_ERR_HEADERS_TIMEOUT", "UND_ERR_BODY_TIMEOUT"]);

function kindOf(code: string | undefined): UpstreamFailure["kind"] {
  if (code !== undefined && connectCodes.has(code)) return "connect";
  return code !== undefined && timeoutCodes.has(code) ? "timeout" : "broken";
}
