import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { processStamp } from "../platform/process-stamp.ts";
import { acquireDataLock, DataLockedError } from "./data-lock.ts";

async function temporaryDirectory(): Promise<{ path: string } & AsyncDisposable> {
  const path = await mkdtemp(join(tmpdir(), "aqueduto-lock-"));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

test("a second platform is refused while the first runs, and let in after its release", async () => {
  await using directory = await temporaryDirectory();
  const first = await acquireDataLock(directory.path);
  await expect(acquireDataLock(directory.path)).rejects.toThrow(DataLockedError);
  await first.release();
  await (await acquireDataLock(directory.path)).release();
  expect(await readdir(directory.path)).toEqual([]);
});

test.each([
  ["of a process that is gone", JSON.stringify({ pid: 2 ** 22 + 1, stamp: "boot:1", id: "x" })],
  ["whose pid another process has now", JSON.stringify({ pid: process.ppid, stamp: "another-boot:1", id: "x" })],
  ["torn by a power loss", '{"pid":12'],
  ["that is empty", ""],
])("a lock %s is taken over", async (_case, content) => {
  await using directory = await temporaryDirectory();
  await writeFile(join(directory.path, "platform.lock"), content);
  await using lock = await acquireDataLock(directory.path);
  expect(JSON.parse(await readFile(join(lock.directory, "platform.lock"), "utf8"))).toMatchObject({ pid: process.pid });
});

test("a lock of another running process is respected", async () => {
  await using directory = await temporaryDirectory();
  await writeFile(join(directory.path, "platform.lock"), JSON.stringify({ pid: process.ppid, stamp: processStamp(process.ppid), id: "x" }));
  await expect(acquireDataLock(directory.path)).rejects.toThrow(`process ${process.ppid}`);
});

test("of many that find a stale lock at once exactly one gets the directory", async () => {
  await using directory = await temporaryDirectory();
  for (let round = 0; round < 20; round += 1) {
    await writeFile(join(directory.path, "platform.lock"), JSON.stringify({ pid: 2 ** 22 + 1, stamp: "boot:1", id: "x" }));
    const results = await Promise.allSettled(Array.from({ length: 8 }, () => acquireDataLock(directory.path)));
    const winners = results.filter((result) => result.status === "fulfilled");
    expect(winners).toHaveLength(1);
    await winners[0]?.value.release();
  }
});

test("release leaves a lock that is not its own", async () => {
  await using directory = await temporaryDirectory();
  const lock = await acquireDataLock(directory.path);
  const path = join(directory.path, "platform.lock");
  await rm(path);
  await writeFile(path, "{}");
  await lock.release();
  expect(await readdir(directory.path)).toEqual(["platform.lock"]);
});
