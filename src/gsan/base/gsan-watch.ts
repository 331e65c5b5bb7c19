import type { Log } from "../../platform/log.ts";
import type { Queryable } from "../connection/open-gsan.ts";
import { probeColumns, probeServer, type NeededColumns } from "../connection/probe-columns.ts";
import { classifyFailure } from "./gsan-failure.ts";

export type Readiness = { ready: boolean; reason?: string };

/**
 * Whether the GSAN base can serve: reachable, and with every column that the operations select. While it is away,
 * requests are refused at once instead of waiting for a connection each; the watch tries again every second by itself.
 */
export type GsanWatch = {
  readiness(): Readiness;
  /** A request met this failure; true = the base is now known to be away. */
  report(error: unknown): void;
  stop(): Promise<void>;
};

const steadyMs = 5_000;
const awayMs = 1_000;

/** `pool` is not the one of the requests, and gives up on a silent server. */
type Options = { pool: Queryable; needed: NeededColumns; log: Log };

/** Starts with one look at the base and keeps looking. */
export async function startGsanWatch(options: Options): Promise<GsanWatch> {
  let state: Readiness = { ready: false, reason: "not looked at yet" };
  let timer: NodeJS.Timeout | undefined;
  let looking: Promise<void> = Promise.resolve();
  let stopped = false;

  const become = (next: Readiness): void => {
    if (next.ready !== state.ready || next.reason !== state.reason)
      options.log.info({ ready: next.ready, reason: next.reason }, "GSAN base");
    state = next;
  };
  const schedule = (afterMs: number): void => {
    clearTimeout(timer);
    if (stopped) return;
    timer = setTimeout(() => {
      looking = look();
    }, afterMs).unref();
  };
  const look = async (): Promise<void> => {
    become(await lookAt(options.pool, options.needed));
    schedule(state.ready ? steadyMs : awayMs);
  };

  await look();
  return {
    readiness: () => state,
    report(error) {
      const failure = classifyFailure(error);
      if (failure.kind !== "away" || !state.ready) return;
      become({ ready: false, reason: failure.reason });
      schedule(0);
    },
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await looking;
    },
  };
}

async function lookAt(pool: Queryable, needed: NeededColumns): Promise<Readiness> {
  try {
    const { missing } = await probeColumns(pool, needed);
    if (missing.length > 0) return { ready: false, reason: `missing or not readable: ${missing.slice(0, 5).join(", ")}` };
    const { encoding } = await probeServer(pool);
    // text of an SQL_ASCII base arrives as unknown bytes; it would be answered wrong, so it is not answered
    return encoding === "SQL_ASCII" ? { ready: false, reason: "server encoding SQL_ASCII is not supported" } : { ready: true };
  } catch (error) {
    const { reason } = classifyFailure(error);
    return { ready: false, reason: reason === "" ? "unknown failure" : reason };
  }
}
