import type { Deadlines, Expiring } from "./deadlines.ts";
import type { WireAnswer } from "./answer-reader.ts";
import { type ConnectionFault, type ExchangeEvents, type FaultMore, UpstreamConnection } from "./upstream-connection.ts";

export type PoolOptions = { connections: number; maxAnswerBytes: number };

type Work = Expiring & ExchangeEvents & { bytes: Buffer; isHead: boolean; connection: UpstreamConnection | undefined };

/** A service closes what idles, after 5 s where it is Node's: a request sent at that instant fails, and an unsafe one is not sent again. */
const mostIdleMs = 4_000;

/** Rejects an exchange. */
export type Fault = (fault: ConnectionFault, more?: FaultMore) => void;

/** Connections to one origin, at most so many; requests that find none free wait in their order. */
export class UpstreamPool {
  readonly #origin: URL;
  readonly #options: PoolOptions;
  readonly #deadlines: Deadlines;
  readonly #free: UpstreamConnection[] = [];
  readonly #all = new Set<UpstreamConnection>();
  readonly #waiting = new Set<Work>();
  #closing = false;

  constructor(origin: string, options: PoolOptions, deadlines: Deadlines) {
    this.#origin = new URL(origin);
    this.#options = options;
    this.#deadlines = deadlines;
  }

  /** As the Host header names it. */
  get host(): string {
    return this.#origin.host;
  }

  /** One request, one answer, within its time. `settle` is told once. */
  exchange(
    request: { bytes: Buffer; isHead: boolean; timeoutMs: number },
    settle: { resolve(answer: WireAnswer): void; reject: Fault },
  ): void {
    const work: Work = {
      bytes: request.bytes,
      isHead: request.isHead,
      connection: undefined,
      dueMs: performance.now() + request.timeoutMs,
      expire: () => this.#expire(work, settle.reject),
      answered: (answer) => {
        this.#deadlines.remove(work);
        settle.resolve(answer);
      },
      failed: (fault, more) => {
        this.#deadlines.remove(work);
        settle.reject(fault, more);
      },
    };
    this.#deadlines.add(work);
    this.#waiting.add(work);
    this.#next();
  }

  /** Ends when the exchanges under way have ended; takes no new one. */
  close(): void {
    this.#closing = true;
    for (const connection of this.#free.splice(0)) connection.abort();
  }

  /** Ends everything now. */
  destroy(): void {
    this.#closing = true;
    for (const work of this.#waiting) work.failed("broken");
    this.#waiting.clear();
    for (const connection of this.#all) connection.abort();
  }

  #expire(work: Work, reject: Fault): void {
    if (this.#waiting.delete(work)) reject("timeout");
    else work.connection?.abort();
  }

  #next(): void {
    for (const work of this.#waiting) {
      const connection = this.#takeFree() ?? this.#open();
      if (connection === undefined) return;
      this.#waiting.delete(work);
      work.connection = connection;
      connection.send(work.bytes, work.isHead, work);
    }
  }

  /** The one that was used last. When it has idled too long, so have all others. */
  #takeFree(): UpstreamConnection | undefined {
    let connection = this.#free.pop();
    while (connection?.isUsable === false) connection = this.#free.pop();
    if (connection === undefined || performance.now() - connection.freeSinceMs <= mostIdleMs) return connection;
    for (const idle of [connection, ...this.#free.splice(0)]) idle.abort();
    return undefined;
  }

  #open(): UpstreamConnection | undefined {
    if (this.#all.size >= this.#options.connections) return undefined;
    const { maxAnswerBytes } = this.#options;
    const connection = new UpstreamConnection(this.#origin, {
      maxAnswerBytes,
      events: { free: (one) => this.#freed(one), gone: (one) => this.#gone(one) },
    });
    this.#all.add(connection);
    return connection;
  }

  #freed(connection: UpstreamConnection): void {
    if (this.#closing && this.#waiting.size === 0) connection.abort();
    else {
      connection.freeSinceMs = performance.now();
      this.#free.push(connection);
      this.#next();
    }
  }

  #gone(connection: UpstreamConnection): void {
    this.#all.delete(connection);
    const at = this.#free.indexOf(connection);
    if (at >= 0) this.#free.splice(at, 1);
    // a place is free for those that wait
    if (this.#waiting.size > 0) queueMicrotask(() => this.#next());
  }
}
