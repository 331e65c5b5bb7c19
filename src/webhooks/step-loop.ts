import { errorCode } from "../platform/error-code.ts";
import type { Log } from "../platform/log.ts";

/** A named step of a main loop; `run` returns after how many milliseconds it wants to run again if nothing wakes it. */
export type Step = { name: string; run: () => Promise<number> };

const firstBackoffMs = 100;
const longestBackoffMs = 5_000;

/** Runs one step again and again, never twice at a time; a step that fails is tried again with backoff, for ever. */
export class StepLoop {
  readonly #step: Step;
  readonly #log: Log;
  readonly #ended: Promise<void>;
  #woken = false;
  #stopped = false;
  #failures = 0;
  #interrupt: () => void = () => undefined;

  constructor(step: Step, log: Log) {
    this.#step = step;
    this.#log = log;
    this.#ended = this.#loop();
  }

  /** Runs the step now, or once more after the run that is under way. */
  wake(): void {
    this.#woken = true;
    if (this.#failures === 0) this.#interrupt();
  }

  /** No run starts after this; resolves when the one under way has ended. */
  stop(): Promise<void> {
    this.#stopped = true;
    this.#interrupt();
    return this.#ended;
  }

  failing(): boolean {
    return this.#failures > 0;
  }

  async #loop(): Promise<void> {
    while (!this.#stopped) {
      this.#woken = false;
      const waitMs = await this.#runOnce();
      if (!this.#stopped && (!this.#woken || this.#failures > 0)) await this.#sleep(waitMs);
    }
  }

  async #runOnce(): Promise<number> {
    try {
      const waitMs = await this.#step.run();
      this.#failures = 0;
      return waitMs;
    } catch (error) {
      this.#failures += 1;
      this.#log.warn({ step: this.#step.name, code: errorCode(error), failures: this.#failures }, "a step of the dispatcher failed");
      return Math.min(firstBackoffMs * 2 ** (this.#failures - 1), longestBackoffMs);
    }
  }

  #sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#interrupt = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
