import { type Dispatcher, Pool } from "undici";
import type { Clock } from "../platform/clock.ts";
import { type Listener, type TargetPolicy, type VettedUrl, vetUrl } from "./address-guard.ts";
import { guardedConnector, type Resolve, resolveAll } from "./guarded-connect.ts";
import { failureCode } from "./send-failure.ts";
import type { Target } from "./target.ts";

/** What came back of one HTTP try. Exactly one of `status` and `errorCode` is given. */
export type SendResult = {
  startedAt: Date;
  durationMs: number;
  status?: number;
  errorCode?: string;
  retryAfter?: string;
  /** The answer's body, at most `answerLimitBytes` of it. */
  answer: string;
};

export type SenderOptions = {
  clock: Clock;
  /** Sockets to one webhook. */
  connections: number;
  /** From the first byte of the name lookup to the last byte read of the answer. */
  totalTimeoutMs: number;
  forbidden: () => readonly Listener[];
  resolve?: Resolve;
};

const answerLimitBytes = 64 * 1024;
const headerLimitBytes = 16 * 1024;
const connectTimeoutMs = 5_000;
/** Pools kept beyond this number are closed, least recently used first. */
const poolsAtMost = 512;

type Entry = { pool: Pool; policy: TargetPolicy; vetted: VettedUrl; key: string; active: number };

/**
 * Sends to webhooks: one keep-alive pool per webhook, vetted and pinned addresses, no redirects, one deadline for the
 * whole try, bounded answers. Never throws: what failed is in the result.
 */
export class Sender {
  readonly #options: SenderOptions;
  readonly #entries = new Map<string, Entry>();

  constructor(options: SenderOptions) {
    this.#options = options;
  }

  async send(target: Target, request: { headers: Readonly<Record<string, string>>; body: string }): Promise<SendResult> {
    const { clock } = this.#options;
    const startedAt = clock.now();
    const startedMs = clock.monotonicMs();
    const outcome = await this.#attempt(target, request).catch((error: unknown) => ({ errorCode: failureCode(error), answer: "" }));
    return { startedAt, durationMs: Math.round(clock.monotonicMs() - startedMs), ...outcome };
  }

  /** Ends all connections; tries that are under way fail as connection-lost. */
  async close(): Promise<void> {
    const entries = [...this.#entries.values()];
    this.#entries.clear();
    await Promise.all(entries.map((entry) => entry.pool.destroy()));
  }

  async #attempt(target: Target, request: { headers: Readonly<Record<string, string>>; body: string }) {
    const entry = this.#entry(target);
    const signal = AbortSignal.timeout(this.#options.totalTimeoutMs);
    entry.active += 1;
    try {
      const reply = await entry.pool.request({
        path: entry.vetted.path,
        method: "POST",
        headers: request.headers,
        body: request.body,
        signal,
      });
      const answer = await readAnswer(reply.body);
      const retryAfter = reply.headers["retry-after"];
      return { status: reply.statusCode, answer, ...(typeof retryAfter === "string" ? { retryAfter } : {}) };
    } finally {
      entry.active -= 1;
    }
  }

  /** The webhook's pool, made anew when its URL or what it may reach has changed. Throws GuardError for a refused URL. */
  #entry(target: Target): Entry {
    const id = `${target.tenantId}/${target.webhookId}`;
    const policy = { allowedAddress: target.allowedAddress, demo: target.demo, forbidden: this.#options.forbidden };
    // each try vets anew: a pool that was opened before does not vouch for the URL now
    const vetted = vetUrl(target.url, policy);
    const key = JSON.stringify([target.url, target.allowedAddress, target.demo]);
    const known = this.#entries.get(id);
    this.#entries.delete(id);
    if (known !== undefined && known.key !== key) void known.pool.close();
    const entry = known !== undefined && known.key === key ? known : { pool: this.#open(vetted, policy), policy, vetted, key, active: 0 };
    this.#entries.set(id, entry);
    this.#evict();
    return entry;
  }

  #open(vetted: VettedUrl, policy: TargetPolicy): Pool {
    const { resolve = resolveAll, connections, totalTimeoutMs } = this.#options;
    return new Pool(vetted.origin, {
      connections,
      pipelining: 1,
      allowH2: false,
      maxHeaderSize: headerLimitBytes,
      headersTimeout: totalTimeoutMs,
      bodyTimeout: totalTimeoutMs,
      connect: guardedConnector({ policy: () => policy, resolve, connectTimeoutMs }),
    });
  }

  #evict(): void {
    for (const [id, entry] of this.#entries) {
      if (this.#entries.size <= poolsAtMost) return;
      if (entry.active > 0) continue;
      this.#entries.delete(id);
      void entry.pool.close();
    }
  }
}

/** Reads up to the limit and drops the rest with the connection. An answer that breaks off still had its status. */
async function readAnswer(body: Dispatcher.ResponseData["body"]): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of body) {
      const bytes = asBuffer(chunk);
      chunks.push(bytes.subarray(0, answerLimitBytes - size));
      size += bytes.length;
      if (size >= answerLimitBytes) break;
    }
  } catch {
    // the status line decides; what the receiver failed to finish saying does not
  }
  return Buffer.concat(chunks).toString("utf8");
}

function asBuffer(chunk: unknown): Buffer {
  return Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk));
}
