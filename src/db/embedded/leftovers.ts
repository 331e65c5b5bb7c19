import { readdirSync, readFileSync, readlinkSync, statSync } from "node:fs";
import { readFile, rm } from "node:fs/promises";
import { basename, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { processStamp } from "../../platform/process-stamp.ts";
import { EmbeddedServerError } from "./server-error.ts";

/** Processes of PostgreSQL that work in this cluster: the postmaster first, where it runs. */
export async function findServerProcesses(cluster: string): Promise<number[]> {
  const postmaster = await postmasterPid(cluster);
  const found = process.platform === "linux" ? linuxProcesses(cluster) : psProcesses(postmaster);
  return found.sort((a, b) => Number(b === postmaster) - Number(a === postmaster));
}

/**
 * Stops what an earlier start left running: its postmaster by fast shutdown, then harder; then the lock file of a
 * server that is gone is removed (its pid may belong to another program by now, which PostgreSQL takes for itself).
 */
export async function clearLeftovers(cluster: string, progress: (step: string) => void): Promise<void> {
  const leftovers = await findServerProcesses(cluster);
  if (leftovers.length > 0) progress("stopping the database that an earlier start left running");
  for (const [signal, waitMs] of [
    ["SIGINT", 10_000],
    ["SIGQUIT", 5_000],
    ["SIGKILL", 5_000],
  ] as const) {
    const running = await findServerProcesses(cluster);
    const [first] = running;
    if (first === undefined) break;
    // backends end with their postmaster; without one each is told itself
    const targets = first === (await postmasterPid(cluster)) && signal !== "SIGKILL" ? [first] : running;
    for (const pid of targets) sendSignal(pid, signal);
    await waitUntilGone(cluster, waitMs);
  }
  if ((await findServerProcesses(cluster)).length > 0) {
    throw new EmbeddedServerError(
      `Processes of an earlier database still work in ${cluster} and do not end. Restart the machine, or end them by hand.`,
    );
  }
  await rm(join(cluster, "postmaster.pid"), { force: true });
}

async function waitUntilGone(cluster: string, waitMs: number): Promise<void> {
  const until = performance.now() + waitMs;
  while (performance.now() < until && (await findServerProcesses(cluster)).length > 0) await pause(50);
}

async function postmasterPid(cluster: string): Promise<number | undefined> {
  const text = await readFile(join(cluster, "postmaster.pid"), "utf8").catch(() => "");
  const pid = Number.parseInt(text, 10);
  return Number.isSafeInteger(pid) && pid > 0 ? pid : undefined;
}

/** Every process of PostgreSQL has its cluster as working directory; the inode tells it whatever the path is called. */
function linuxProcesses(cluster: string): number[] {
  const wanted = identity(cluster);
  if (wanted === undefined) return [];
  const pids = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
  return pids.filter((pid) => identity(`/proc/${pid}/cwd`) === wanted && isPostgres(pid) && processStamp(pid) !== undefined);
}

function identity(path: string): string | undefined {
  try {
    const { dev, ino } = statSync(path);
    return `${dev}:${ino}`;
  } catch {
    return undefined;
  }
}

function isPostgres(pid: number): boolean {
  try {
    return basename(readlinkSync(`/proc/${pid}/exe`)).startsWith("postgres");
  } catch {
    try {
      return readFileSync(`/proc/${pid}/comm`, "latin1").trim() === "postgres";
    } catch {
      return false;
    }
  }
}

/** Without /proc only the postmaster can be told, by the lock file in its own directory. */
function psProcesses(postmaster: number | undefined): number[] {
  return postmaster !== undefined && processStamp(postmaster) !== undefined ? [postmaster] : [];
}

function sendSignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // gone in between
  }
}
