import type { ChildProcess } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { readFile, rename, stat } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { Place } from "./place.ts";
import { runProgram } from "./run-program.ts";
import { EmbeddedServerError } from "./server-error.ts";

export type ServerExit = { code: number | null; signal: NodeJS.Signals | null };

/** A running postmaster that is our child. */
export type Postmaster = { pid: number; exited: Promise<ServerExit>; signal(name: NodeJS.Signals): void };

export type PostmasterOptions = { port: number; socketDirectory: string; settings: Record<string, string> };

const largestLogBytes = 10 * 1024 * 1024;
// crash recovery after a long write burst takes minutes, not hours
const startDeadlineMs = 600_000;

/** Starts the server and waits until it takes connections. Throws EmbeddedServerError with the end of its log. */
export async function startPostmaster(place: Place, options: PostmasterOptions): Promise<Postmaster> {
  const logPath = join(place.home, "postgres.log");
  await rotate(logPath);
  const log = openSync(logPath, "a", 0o600);
  let child: ChildProcess;
  try {
    child = runProgram(place, "postgres", serverArguments(place, options), log);
  } finally {
    closeSync(log);
  }
  const postmaster = await watch(child);
  await waitUntilReady(place, postmaster, logPath);
  return postmaster;
}

/** Values in statements and in error details may be personal data, so the server's log gets neither. */
const alwaysSettings = {
  listen_addresses: "127.0.0.1",
  unix_socket_permissions: "0700",
  password_encryption: "scram-sha-256",
  wal_level: "logical",
  max_connections: "200",
  log_error_verbosity: "terse",
  log_min_error_statement: "panic",
  log_checkpoints: "off",
  log_timezone: "UTC",
  timezone: "UTC",
  jit: "off",
};

function serverArguments(place: Place, options: PostmasterOptions): string[] {
  const settings = { ...alwaysSettings, ...options.settings, port: String(options.port), unix_socket_directories: options.socketDirectory };
  return ["-D", `${place.seen.serverHome}/cluster`, ...Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`])];
}

async function watch(child: ChildProcess): Promise<Postmaster> {
  const exit = Promise.withResolvers<ServerExit>();
  child.once("exit", (code, signal) => exit.resolve({ code, signal }));
  const { promise: spawned, resolve, reject } = Promise.withResolvers<number>();
  child.once("error", (error) => reject(new EmbeddedServerError(`The database did not start: ${error.message}`, error)));
  child.once("spawn", () => resolve(child.pid ?? 0));
  return { pid: await spawned, exited: exit.promise, signal: (name) => child.kill(name) };
}

async function waitUntilReady(place: Place, postmaster: Postmaster, logPath: string): Promise<void> {
  let exit: ServerExit | undefined;
  void postmaster.exited.then((how) => (exit = how));
  const until = performance.now() + startDeadlineMs;
  while (performance.now() < until) {
    if (exit !== undefined)
      throw new EmbeddedServerError(
        `The database ended while starting (${exit.signal ?? exit.code}). Its log ${logPath} ends with:\n${await tail(logPath)}`,
      );
    if (await isReady(place, postmaster.pid)) return;
    await pause(25);
  }
  postmaster.signal("SIGQUIT");
  throw new EmbeddedServerError(`The database was not ready after ${startDeadlineMs / 60_000} minutes; see ${logPath}`);
}

/** Line 8 of postmaster.pid is the server's own word on its state. */
async function isReady(place: Place, pid: number): Promise<boolean> {
  const text = await readFile(join(place.cluster, "postmaster.pid"), "utf8").catch(() => "");
  const lines = text.split("\n");
  return lines[0]?.trim() === String(pid) && lines[7]?.trim() === "ready";
}

async function tail(path: string): Promise<string> {
  const text = await readFile(path, "utf8").catch(() => "");
  return text.trimEnd().split("\n").slice(-6).join("\n");
}

async function rotate(path: string): Promise<void> {
  const found = await stat(path).catch(() => undefined);
  if (found !== undefined && found.size > largestLogBytes) await rename(path, `${path}.1`);
}

/** Fast shutdown; what has not ended by the deadline is ended at once (its next start recovers from the log). */
export async function stopPostmaster(postmaster: Postmaster, deadlineMs: number): Promise<void> {
  postmaster.signal("SIGINT");
  if (await endsWithin(postmaster, deadlineMs)) return;
  postmaster.signal("SIGQUIT");
  if (await endsWithin(postmaster, 3_000)) return;
  postmaster.signal("SIGKILL");
  await postmaster.exited;
}

async function endsWithin(postmaster: Postmaster, deadlineMs: number): Promise<boolean> {
  const timer = new AbortController();
  const late = pause(deadlineMs, false, { signal: timer.signal }).catch(() => false);
  const ended = await Promise.race([postmaster.exited.then(() => true), late]);
  timer.abort();
  return ended;
}
