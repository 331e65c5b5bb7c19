import type { Db } from "../../db/database.ts";
import type { Clock } from "../../platform/clock.ts";
import { errorCode } from "../../platform/error-code.ts";
import type { Log } from "../../platform/log.ts";
import type { SealKeys } from "../../platform/seal.ts";
import { type BaseLoop, type LoopStatus, startBaseLoop } from "./base-loop.ts";
import type { CaptureSchedule, WorkerOptions } from "./base-worker.ts";
import { type CaptureLimits, defaultLimits } from "./capture-limits.ts";
import { type ActiveBase, loadActiveBases } from "./load-bases.ts";
import { createWaker } from "./waker.ts";

export type CaptureOptions = {
  db: Db;
  keyring: SealKeys;
  log: Log;
  clock: Clock;
  nodeId: string;
  /** How often new, changed and paused bases are noticed. Default 1 s. */
  basesEveryMs?: number;
  limits?: Partial<CaptureLimits>;
} & Partial<CaptureSchedule>;

/** The capture role of this process. */
export type Capture = {
  /** Ready when every active base is captured, here or by another process, beyond its baseline. */
  readiness(): LoopStatus;
  /** Resolves when each base was looked at once after this call. */
  poke(): Promise<void>;
  /** Stops at the next page boundaries and gives the leases back; waits at most `deadlineMs`. */
  drain(deadlineMs: number): Promise<void>;
};

/** Everything that an event needs from commit in GSAN to the outbox fits in one fast turn. */
const defaultSchedule: CaptureSchedule = {
  fastEveryMs: 1_000,
  overlapEveryMs: 300_000,
  absenceEveryMs: 30_000,
  reconcileEveryMs: 86_400_000,
  leaseMs: 6_000,
};

type Running = { loop: BaseLoop; url: string };

/**
 * Starts capturing every active GSAN base, each under its own lease. Outlives restarts of GSAN and of the platform's
 * database: what was committed stays, the rest is read again.
 */
export async function startCapture(options: CaptureOptions): Promise<Capture> {
  const worker = workerOptions(options);
  const running = new Map<string, Running>();
  const waker = createWaker();
  let store: LoopStatus = { ready: false, reason: "bases are not loaded yet" };
  const stop = new AbortController();

  async function refresh(): Promise<void> {
    try {
      const bases = await loadActiveBases(options.db, options.keyring, options.log);
      if (stop.signal.aborted) return;
      await follow(running, bases, worker);
      store = { ready: true };
    } catch (error) {
      store = { ready: false, reason: "store-away" };
      options.log.warn({ code: errorCode(error) }, "GSAN bases cannot be loaded");
    }
  }

  async function supervise(): Promise<void> {
    while (!stop.signal.aborted) {
      await waker.wait(options.basesEveryMs ?? 1_000);
      if (!stop.signal.aborted) await refresh();
    }
  }

  await refresh();
  const supervised = supervise();
  const loops = () => [...running.values()].map((one) => one.loop);
  return {
    readiness: () => [store, ...loops().map((loop) => loop.status())].find((status) => !status.ready) ?? { ready: true },
    poke: async () => {
      await refresh();
      await Promise.all(loops().map((loop) => loop.poke()));
    },
    drain: async (deadlineMs) => {
      stop.abort();
      waker.wake();
      const ended = supervised.then(() => Promise.all(loops().map((loop) => loop.stop())));
      await Promise.race([ended, deadline(deadlineMs)]);
    },
  };
}

function workerOptions(options: CaptureOptions): WorkerOptions {
  const { db, log, clock, nodeId } = options;
  const schedule: CaptureSchedule = { ...defaultSchedule };
  for (const name of Object.keys(defaultSchedule) as (keyof CaptureSchedule)[]) schedule[name] = options[name] ?? schedule[name];
  return { db, log, clock, nodeId, schedule, limits: { ...defaultLimits, ...options.limits } };
}

/** Starts, updates and stops loops so that they match the active bases; another URL is another loop. */
async function follow(running: Map<string, Running>, bases: ActiveBase[], worker: WorkerOptions): Promise<void> {
  const wanted = new Map(bases.map((base) => [`${base.tenantId}/${base.baseId}`, base]));
  for (const [key, one] of running) {
    const base = wanted.get(key);
    if (base !== undefined && base.url.reveal() === one.url) continue;
    await one.loop.stop();
    running.delete(key);
  }
  for (const [key, base] of wanted) {
    const known = running.get(key);
    if (known === undefined) running.set(key, { loop: startBaseLoop(worker, base), url: base.url.reveal() });
    else known.loop.update(base);
  }
}

function deadline(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms).unref();
  });
}
