import { setTimeout as pause } from "node:timers/promises";

export type Closer = {
  name: string;
  /** Given its deadline in milliseconds, to drain within it. */
  close: (deadlineMs: number) => Promise<void>;
  deadlineMs: number;
};

export type Closed = { name: string; outcome: "closed" | "late" | "failed"; error?: unknown };

export type Shutdown = {
  /** Registers what was opened; it is closed before everything registered earlier. */
  add(closer: Closer): void;
  /** Closes all, latest first, each within its deadline; a late or failing one does not hold up the rest. Once. */
  run(): Promise<Closed[]>;
};

/** Ordered end of a process: what was opened last closes first. */
export function createShutdown(): Shutdown {
  const closers: Closer[] = [];
  let running: Promise<Closed[]> | undefined;
  return {
    add: (closer) => void closers.push(closer),
    run: () => (running ??= closeAll(closers)),
  };
}

async function closeAll(closers: Closer[]): Promise<Closed[]> {
  const results: Closed[] = [];
  for (let closer = closers.pop(); closer !== undefined; closer = closers.pop()) results.push(await closeOne(closer));
  return results;
}

async function closeOne({ name, close, deadlineMs }: Closer): Promise<Closed> {
  const timer = new AbortController();
  const late = pause(deadlineMs, undefined, { signal: timer.signal }).then(
    (): Closed => ({ name, outcome: "late" }),
    (): Closed => ({ name, outcome: "closed" }),
  );
  const closed = settle(name, close, deadlineMs);
  try {
    return await Promise.race([closed, late]);
  } finally {
    timer.abort();
  }
}

async function settle(name: string, close: (deadlineMs: number) => Promise<void>, deadlineMs: number): Promise<Closed> {
  try {
    await close(deadlineMs);
    return { name, outcome: "closed" };
  } catch (error) {
    return { name, outcome: "failed", error };
  }
}
