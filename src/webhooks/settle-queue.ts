import { errorCode } from "../platform/error-code.ts";
import type { Log } from "../platform/log.ts";
import type { Settlement } from "./settle.ts";

const batchAtMost = 500;
const gatherMs = 5;
const retryDelaysMs = [50, 200, 1000, 2000];

/**
 * Gathers what tries decided and writes it in batches: every 5 ms or 500. While PostgreSQL is away it keeps trying; the
 * windows bound what can wait here. A batch that the database refuses as such is halved, so that one bad row cannot
 * hold up the others.
 */
export class SettleQueue {
  readonly #write: (batch: readonly Settlement[]) => Promise<void>;
  readonly #log: Log;
  readonly #onRefused: () => void;
  readonly #waiting: { settlement: Settlement; done: () => void }[] = [];
  #running = false;
  #stopped = false;

  /** `onRefused`: a settlement could not be kept, so its delivery is still claimed and must be given back. */
  constructor(options: { write: (batch: readonly Settlement[]) => Promise<void>; log: Log; onRefused: () => void }) {
    this.#write = options.write;
    this.#onRefused = options.onRefused;
    this.#log = options.log;
  }

  /** Resolves once the settlement is committed, or given up at `stop`. Never rejects. */
  push(settlement: Settlement): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push({ settlement, done: resolve });
      if (!this.#running) void this.#run();
    });
  }

  /** Gives up what cannot be written: its claims lapse with the run's lease and another run tries again. */
  stop(): void {
    this.#stopped = true;
  }

  async #run(): Promise<void> {
    this.#running = true;
    while (this.#waiting.length > 0) {
      if (this.#waiting.length < batchAtMost) await pause(gatherMs);
      const batch = this.#waiting.splice(0, batchAtMost);
      await this.#writeAll(batch.map((entry) => entry.settlement));
      for (const entry of batch) entry.done();
    }
    this.#running = false;
  }

  async #writeAll(batch: readonly Settlement[]): Promise<void> {
    for (let tries = 0; !this.#stopped; tries += 1) {
      try {
        await this.#write(batch);
        return;
      } catch (error) {
        if (isRefusal(error)) return this.#isolate(batch, error);
        this.#log.warn({ code: errorCode(error), deliveries: batch.length }, "results of deliveries wait for the store");
        await pause(retryDelaysMs[Math.min(tries, retryDelaysMs.length - 1)] ?? 0);
      }
    }
  }

  async #isolate(batch: readonly Settlement[], error: unknown): Promise<void> {
    const [only] = batch;
    if (batch.length === 1 && only !== undefined) {
      this.#log.error({ code: errorCode(error), delivery: only.claimed.delivery_id }, "the result of a delivery was refused by the store");
      this.#onRefused();
      return;
    }
    const half = Math.ceil(batch.length / 2);
    await this.#writeAll(batch.slice(0, half));
    await this.#writeAll(batch.slice(half));
  }
}

/** SQLSTATE classes 22, 23 and 42: the data or the statement is at fault, trying again changes nothing. */
function isRefusal(error: unknown): boolean {
  return /^(22|23|42)/.test(errorCode(error) ?? "");
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
