import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { writePrivateFile } from "./write-private-file.ts";

/** What the running platform records for tools on the same machine: where its listeners are. */
export type RunFile = { pid: number; gateway: string; admin: string; base?: string; receiver?: string; postgres?: { port: number } };

export function runFilePath(dataDir: string): string {
  return join(dataDir, "run.json");
}

/** The record of the running platform; undefined when there is none or it cannot be read by this user. */
export async function readRunFile(dataDir: string): Promise<RunFile | undefined> {
  try {
    const value: unknown = JSON.parse(await readFile(runFilePath(dataDir), "utf8"));
    return isRunFile(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isRunFile(value: unknown): value is RunFile {
  return typeof value === "object" && value !== null && "admin" in value && typeof value.admin === "string";
}

export async function writeRunFile(dataDir: string, run: RunFile): Promise<void> {
  await writePrivateFile(runFilePath(dataDir), `${JSON.stringify(run, null, 2)}\n`);
}

export async function removeRunFile(dataDir: string): Promise<void> {
  await rm(runFilePath(dataDir), { force: true });
}
