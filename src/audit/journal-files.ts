import { mkdir, readdir, readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { errorCode } from "../platform/error-code.ts";
import { processStamp } from "../platform/process-stamp.ts";
import { writePrivateFile } from "../platform/write-private-file.ts";

/** Who writes a journal: kept beside its segments in `owner.json`. */
export type JournalOwner = { journal_id: string; node_id: string; opened_at: string; pid: number; stamp: string };

const segmentForm = /^\d{8}\.jsonl$/;

/** `00000001.jsonl` … inside the journal's folder. */
export function segmentPath(folder: string, segment: number): string {
  return join(folder, `${String(segment).padStart(8, "0")}.jsonl`);
}

/** The segments that are there, lowest first. */
export async function listSegments(folder: string): Promise<number[]> {
  const names = await readdir(folder);
  return names
    .filter((name) => segmentForm.test(name))
    .map((name) => Number(name.slice(0, 8)))
    .toSorted((a, b) => a - b);
}

/** Makes the folder of a new journal (0700) with its owner. */
export async function createJournalFolder(dir: string, owner: JournalOwner): Promise<string> {
  const folder = join(dir, owner.journal_id);
  await mkdir(dir, { recursive: true, mode: 0o700 });
  await mkdir(folder, { mode: 0o700 });
  await writePrivateFile(join(folder, "owner.json"), JSON.stringify(owner));
  return folder;
}

/** The journals under `dir`. A folder without a readable owner is none (a kill during creation leaves an empty one). */
export async function listJournals(dir: string): Promise<{ folder: string; owner: JournalOwner }[]> {
  const found: { folder: string; owner: JournalOwner }[] = [];
  for (const name of (await readdirOrNone(dir)).filter((entry) => entry.startsWith("jrn_")).toSorted()) {
    const folder = join(dir, name);
    const owner = await readOwner(folder);
    if (owner?.journal_id === name) found.push({ folder, owner });
  }
  return found;
}

async function readdirOrNone(dir: string): Promise<string[]> {
  try {
    return await readdir(dir);
  } catch (error) {
    if (errorCode(error) === "ENOENT") return [];
    throw error;
  }
}

async function readOwner(folder: string): Promise<JournalOwner | undefined> {
  try {
    const value: unknown = JSON.parse(await readFile(join(folder, "owner.json"), "utf8"));
    return isOwner(value) ? value : undefined;
  } catch (error) {
    if (error instanceof SyntaxError || errorCode(error) === "ENOENT" || errorCode(error) === "ENOTDIR") return undefined;
    throw error;
  }
}

function isOwner(value: unknown): value is JournalOwner {
  if (typeof value !== "object" || value === null) return false;
  const texts = ["journal_id", "node_id", "opened_at", "stamp"];
  const fields = new Map<string, unknown>(Object.entries(value));
  return texts.every((name) => typeof fields.get(name) === "string") && typeof fields.get("pid") === "number";
}

/** True while the process that writes this journal runs. */
export function isOwnerRunning(owner: JournalOwner): boolean {
  const stamp = processStamp(owner.pid);
  return stamp !== undefined && stamp === owner.stamp;
}

/** Bytes of all journals under `dir`. */
export async function journalBytes(dir: string): Promise<number> {
  let bytes = 0;
  for (const { folder } of await listJournals(dir)) {
    for (const segment of await listSegments(folder)) bytes += await fileSize(segmentPath(folder, segment));
  }
  return bytes;
}

/** Size in bytes; 0 when the file is not there. */
export async function fileSize(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if (errorCode(error) === "ENOENT") return 0;
    throw error;
  }
}

/** Removes a journal: its segments first, its owner last, so that a kill in between leaves a journal, not a riddle. */
export async function removeJournalFolder(folder: string): Promise<void> {
  for (const segment of await listSegments(folder)) await rm(segmentPath(folder, segment));
  await rm(folder, { recursive: true });
}
