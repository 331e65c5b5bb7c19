import { errorCode } from "./error-code.ts";
import type { Log } from "./log.ts";

export type Repeated = {
  /** Milliseconds from one look to the next. */
  everyMs: number;
  turn(): Promise<unknown>;
  /** Said, with the error's code, when a turn fails; the next one tries again. */
  failed: string;
  log: Log;
};

/**
 * Does a piece of work again and again. One turn at a time: the looks that come while it runs are left out, so that a
 * store that was away for long does not find all of them waiting. `stop` waits for the turn under way.
 */
export function startRepeating({ everyMs, turn, failed, log }: Repeated): { stop(): Promise<void> } {
  let running: Promise<void> | undefined;
  const run = async (): Promise<void> => {
    try {
      await turn();
    } catch (error) {
      log.warn({ code: errorCode(error) }, failed);
    }
    running = undefined;
  };
  const timer = setInterval(() => {
    running ??= run();
  }, everyMs);
  return {
    async stop() {
      clearInterval(timer);
      await running;
    },
  };
}
