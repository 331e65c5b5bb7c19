import { fdatasync } from "node:fs";
import type { JournalSegment } from "./journal-segment.ts";

/**
 * fdatasync off the main thread: at most one at a time; whoever asks while one runs waits for the next, together
 * (group commit).
 */
export class JournalSync {
  readonly #failed: (error: unknown) => void;
  #segment: JournalSegment | undefined;
  #running: Promise<void> | undefined;
  #next: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(failed: (error: unknown) => void) {
    this.#failed = failed;
  }

  /** From now on this segment is synced. The one before was synced by its owner and is closed once nothing uses it. */
  follow(segment: JournalSegment): void {
    const before = this.#segment;
    this.#segment = segment;
    if (before === undefined) return;
    if (this.#running === undefined) before.close();
    else void this.#running.finally(() => before.close()).catch(() => undefined);
  }

  /** Resolves when all that is written now is on disk; rejects when the disk said no. */
  async durable(): Promise<void> {
    this.#next ??= this.#afterRunning();
    await this.#next;
  }

  /** A sync at the latest in so many milliseconds. */
  within(ms: number): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.durable().catch(this.#failed);
    }, ms).unref();
  }

  /** Waits for what runs and lets the file go. */
  async close(): Promise<void> {
    clearTimeout(this.#timer);
    await this.#next?.catch(() => undefined);
    await this.#running?.catch(() => undefined);
    this.#segment?.close();
    this.#segment = undefined;
  }

  async #afterRunning(): Promise<void> {
    await this.#running?.catch(() => undefined);
    this.#next = undefined;
    const mine = this.#sync();
    this.#running = mine;
    try {
      await mine;
    } finally {
      if (this.#running === mine) this.#running = undefined;
    }
  }

  async #sync(): Promise<void> {
    const segment = this.#segment;
    if (segment === undefined) return;
    segment.checkLinked();
    await new Promise<void>((resolve, reject) => {
      fdatasync(segment.fd, (error) => (error === null ? resolve() : reject(error)));
    });
  }
}
