import { setTimeout as pause } from "node:timers/promises";
import { type Postmaster, type ServerExit, stopPostmaster } from "./postmaster.ts";

export type Supervisor = { pid: () => number | undefined; stop: (deadlineMs: number) => Promise<void> };

const backoffMs = [100, 500, 1_000, 2_000, 5_000, 10_000, 30_000];
// a server that ran this long is healthy again: the next end starts the schedule anew
const healthyMs = 60_000;

/** Keeps the server running until `stop`: an end that was not asked for is reported and answered with a new start. */
export function supervise(
  first: Postmaster,
  start: () => Promise<Postmaster>,
  on: { onExit: (exit: ServerExit) => void; onRestart: () => void; onRestartFailed: (error: unknown) => void },
): Supervisor {
  const stopping = new AbortController();
  let current: Postmaster | undefined = first;

  async function attempt(): Promise<Postmaster | undefined> {
    try {
      return await start();
    } catch (error) {
      on.onRestartFailed(error);
      return undefined;
    }
  }

  async function revive(tries: number): Promise<void> {
    for (let i = tries; current === undefined && !stopping.signal.aborted; i += 1) {
      await pause(backoffMs[Math.min(i, backoffMs.length - 1)], undefined, { signal: stopping.signal }).catch(() => undefined);
      if (!stopping.signal.aborted) current = await attempt();
    }
  }

  async function keepRunning(): Promise<void> {
    let ends = 0;
    while (current !== undefined && !stopping.signal.aborted) {
      const since = performance.now();
      const exit = await current.exited;
      current = undefined;
      if (stopping.signal.aborted) return;
      on.onExit(exit);
      ends = performance.now() - since > healthyMs ? 0 : ends + 1;
      await revive(ends);
      if (current !== undefined && !stopping.signal.aborted) on.onRestart();
    }
  }

  const done = keepRunning();
  async function stop(deadlineMs: number): Promise<void> {
    stopping.abort();
    if (current !== undefined) await stopPostmaster(current, deadlineMs);
    await done;
    // a start that was under way when stop was called
    if (current !== undefined) await stopPostmaster(current, deadlineMs);
  }
  return { pid: () => current?.pid, stop };
}
