import { setTimeout as pause } from "node:timers/promises";
import { readRunFile } from "../platform/run-file.ts";
import { acquireDataLock, type DataLock, DataLockedError } from "./data-lock.ts";

const withinMs = 15_000;

/**
 * Takes the lock of a data directory. A platform that is just starting or ending has no run file: that one is waited for,
 * 15 s at most (`onWait` is told once); one that runs is not. Throws DataLockedError, and what `stopping` was aborted with.
 */
export async function waitForDataLock(directory: string, of: { stopping: AbortSignal; onWait: () => void }): Promise<DataLock> {
  const end = performance.now() + withinMs;
  for (let told = false; ; told = true) {
    try {
      return await acquireDataLock(directory);
    } catch (error) {
      const runs = (await readRunFile(directory)) !== undefined;
      if (!(error instanceof DataLockedError) || runs || performance.now() > end) throw error;
      if (!told) of.onWait();
    }
    of.stopping.throwIfAborted();
    await pause(100);
  }
}
