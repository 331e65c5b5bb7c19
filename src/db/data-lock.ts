import { randomBytes } from "node:crypto";
import { link, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { errorCode } from "../platform/error-code.ts";
import { processStamp } from "../platform/process-stamp.ts";

/** The right to work in a data directory: one running process has it. */
export type DataLock = { directory: string; release: () => Promise<void> } & AsyncDisposable;

/** Another running process works in this data directory. */
export class DataLockedError extends Error {
  readonly pid: number;

  constructor(directory: string, pid: number) {
    super(
      `The data directory ${directory} is in use by a running platform (process ${pid}). Stop that one first, or give this one another AQUEDUTO_DATA.`,
    );
    this.name = "DataLockedError";
    this.pid = pid;
  }
}

const attempts = 500;
const pauseMs = 10;

/**
 * Takes `platform.lock` in the directory (made 0700 when absent). A lock whose process is gone, or whose pid now
 * belongs to another process, is taken over. Throws DataLockedError when its process runs.
 */
export async function acquireDataLock(dataDirectory: string): Promise<DataLock> {
  const directory = resolve(dataDirectory);
  const path = join(directory, "platform.lock");
  const id = randomBytes(8).toString("hex");
  const mine = `${path}.${process.pid}-${id}`;
  await prepare(directory, mine, { pid: process.pid, stamp: processStamp(process.pid) ?? "", id });
  try {
    for (let i = 0; i < attempts; i += 1) {
      if ((await linked(mine, path)) || (await tookOver(directory, path, mine))) return lockOf(directory, path, id);
      await pause(pauseMs);
    }
    throw new Error(`The lock ${path} changes all the time; is something else writing it?`);
  } finally {
    await rm(mine, { force: true });
  }
}

async function prepare(directory: string, mine: string, holder: Holder): Promise<void> {
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    await writeFile(mine, JSON.stringify(holder), { mode: 0o600, flag: "wx" });
  } catch (error) {
    throw new Error(
      `The data directory ${directory} cannot be written by this user (${errorCode(error) ?? "unknown"}). Start as the user that owns it, or set AQUEDUTO_DATA to another directory.`,
      { cause: error },
    );
  }
}

/** True when the name was free and is ours now; link(2) decides between two that try at once. */
async function linked(mine: string, path: string): Promise<boolean> {
  try {
    await link(mine, path);
    return true;
  } catch (error) {
    if (errorCode(error) === "EEXIST") return false;
    throw error;
  }
}

/**
 * Puts our lock in the place of one whose process is gone. Judging and replacing are two steps, so only the holder
 * of a second lock does them. Throws DataLockedError when the first lock's process runs.
 */
async function tookOver(directory: string, path: string, mine: string): Promise<boolean> {
  if (!(await isStale(directory, path))) return false;
  const guard = `${path}.takeover`;
  if (!(await linked(mine, guard))) {
    const other = await readHolder(guard);
    if (other !== undefined && !isRunning(other)) await rm(guard, { force: true });
    return false;
  }
  try {
    if (!(await isStale(directory, path))) return false;
    await rename(mine, path);
    return true;
  } finally {
    await rm(guard, { force: true });
  }
}

/** False when there is no lock any more. */
async function isStale(directory: string, path: string): Promise<boolean> {
  const holder = await readHolder(path);
  if (holder !== undefined && isRunning(holder)) throw new DataLockedError(directory, holder.pid);
  return holder !== undefined;
}

type Holder = { pid: number; stamp: string; id: string };

function isRunning(holder: Holder): boolean {
  const stamp = processStamp(holder.pid);
  return stamp !== undefined && stamp === holder.stamp;
}

const nobody: Holder = { pid: 0, stamp: "", id: "" };

/** Undefined when the file is gone; a file that a power loss tore, or that is no lock of ours, is held by nobody. */
async function readHolder(path: string): Promise<Holder | undefined> {
  try {
    const value: unknown = JSON.parse(await readFile(path, "utf8"));
    return isHolder(value) ? value : nobody;
  } catch (error) {
    if (errorCode(error) === "ENOENT") return undefined;
    if (error instanceof SyntaxError) return nobody;
    throw error;
  }
}

function isHolder(value: unknown): value is Holder {
  if (typeof value !== "object" || value === null || !("pid" in value) || !("stamp" in value) || !("id" in value)) return false;
  return typeof value.pid === "number" && typeof value.stamp === "string" && typeof value.id === "string";
}

function lockOf(directory: string, path: string, id: string): DataLock {
  async function release(): Promise<void> {
    if ((await readHolder(path))?.id === id) await rm(path, { force: true });
  }
  return { directory, release, [Symbol.asyncDispose]: release };
}
