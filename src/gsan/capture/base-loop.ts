import { errorCode } from "../../platform/error-code.ts";
import type { Log } from "../../platform/log.ts";
import { type BaseWorker, createBaseWorker, type WorkerOptions } from "./base-worker.ts";
import { LeaseLostError } from "./capture-lease.ts";
import { GsanUnfitError } from "./gsan-columns.ts";
import type { ActiveBase } from "./load-bases.ts";
import { createWaker } from "./waker.ts";

export type LoopStatus = { ready: boolean; reason?: string };

/** Captures one base until stopped. */
export type BaseLoop = {
  status(): LoopStatus;
  /** Takes over changed settings; the database it reads stays the same. */
  update(base: ActiveBase): void;
  /** Resolves when a turn that began after this call has ended, well or not. */
  poke(): Promise<void>;
  /** Ends at the next page boundary, gives the lease back. */
  stop(): Promise<void>;
};

const firstPauseMs = 500;
const longestPauseMs = 30_000;

export function startBaseLoop(options: WorkerOptions, first: ActiveBase): BaseLoop {
  const worker = createBaseWorker(options, first.url);
  const waker = createWaker();
  let base = first;
  let status: LoopStatus = { ready: false, reason: `capture of ${first.baseId} is starting` };
  let failures = 0;
  const stop = new AbortController();
  let waiting: (() => void)[] = [];

  async function loop(): Promise<void> {
    while (!stop.signal.aborted) {
      const served = waiting;
      waiting = [];
      const pauseMs = await oneTurn(worker);
      for (const resolve of served) resolve();
      if (!stop.signal.aborted && waiting.length === 0) await waker.wait(pauseMs);
    }
    await worker.close();
    for (const resolve of waiting) resolve();
  }

  async function oneTurn(one: BaseWorker): Promise<number> {
    try {
      const turn = await one.turn(base);
      failures = 0;
      status = turn === "baseline" ? { ready: false, reason: `baseline of ${base.baseId} is being taken` } : { ready: true };
      return turn === "baseline" ? 0 : options.schedule.fastEveryMs;
    } catch (error) {
      if (error instanceof LeaseLostError) return options.schedule.fastEveryMs;
      failures += 1;
      status = { ready: false, reason: `capture of ${base.baseId}: ${reasonOf(error)}` };
      report(options.log, base, error, failures);
      return Math.min(longestPauseMs, firstPauseMs * 2 ** (failures - 1));
    }
  }

  const ended = loop();
  return {
    status: () => status,
    update: (changed) => {
      base = changed;
    },
    poke: () =>
      new Promise((resolve) => {
        if (stop.signal.aborted) return resolve();
        waiting.push(resolve);
        waker.wake();
      }),
    stop: () => {
      stop.abort();
      worker.stop();
      waker.wake();
      return ended;
    },
  };
}

/** Error texts of databases may quote data; only codes and our own texts leave. */
function reasonOf(error: unknown): string {
  if (error instanceof GsanUnfitError) return error.message;
  return `a database is away or refused (${errorCode(error) ?? "no code"})`;
}

function report(log: Log, base: ActiveBase, error: unknown, failures: number): void {
  const fields = { base_id: base.baseId, code: errorCode(error), reason: reasonOf(error), failures };
  if (errorCode(error) === undefined && error instanceof Error) log.error({ ...fields, stack: error.stack }, "capture failed");
  else log.warn(fields, "capture failed; it will be tried again");
}
