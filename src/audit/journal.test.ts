import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import type { AccessRecord } from "../contract/access-record.ts";
import { newId } from "../platform/ids.ts";
import { createLog } from "../platform/log.ts";
import { type JournalOptions, openJournal } from "./journal.ts";
import { parseLine } from "./journal-line.ts";

const log = createLog("silent");

async function temporaryDir(): Promise<{ path: string } & AsyncDisposable> {
  const path = await mkdtemp(join(tmpdir(), "aqueduto-journal-"));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

function record(requestId = "req_1"): AccessRecord {
  return {
    id: newId("aud"),
    at: new Date().toISOString(),
    phase: "answer",
    method: "GET",
    route: "/v1/x/{ref}",
    status: 200,
    code: "ok",
    requestId,
  };
}

function optionsFor(dir: string, more: Partial<JournalOptions> = {}): JournalOptions {
  return { dir, nodeId: "nod_1", log, sync: "interval", ...more };
}

async function segmentNames(dir: string): Promise<string[]> {
  const [journal] = await readdir(dir);
  return (await readdir(join(dir, journal ?? ""))).filter((name) => name.endsWith(".jsonl")).toSorted();
}

/** Counters and request ids as they stand in the files. */
async function written(dir: string): Promise<{ counter: number; requestId: string }[]> {
  const [journal] = await readdir(dir);
  const texts = await Promise.all((await segmentNames(dir)).map((name) => readFile(join(dir, journal ?? "", name), "utf8")));
  const lines = texts
    .join("")
    .split("\n")
    .slice(0, -1)
    .map((line) => parseLine(Buffer.from(line)));
  return lines.map((line) =>
    line.kind === "record" ? { counter: line.counter, requestId: line.record.requestId } : { counter: -1, requestId: line.kind },
  );
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

test("an acknowledged record stands in the file, in the order of the calls, without gaps", async () => {
  await using dir = await temporaryDir();
  await using journal = await openJournal(optionsFor(dir.path));
  const appends: Promise<void>[] = [];
  for (let i = 0; i < 300; i += 1) {
    appends.push(journal.append(record(`req_${i}`)));
    if (i % 7 === 0) await turn();
  }
  await Promise.all(appends);
  expect(await written(dir.path)).toEqual(Array.from({ length: 300 }, (_, i) => ({ counter: i + 1, requestId: `req_${i}` })));
});

test("files are for this user alone", async () => {
  await using dir = await temporaryDir();
  await using journal = await openJournal(optionsFor(join(dir.path, "journal")));
  await journal.append(record());
  const folder = join(dir.path, "journal", journal.journalId);
  const modes = await Promise.all(
    [folder, join(folder, "00000001.jsonl"), join(folder, "owner.json")].map(async (path) => (await stat(path)).mode & 0o777),
  );
  expect(modes).toEqual([0o700, 0o600, 0o600]);
});

test("closing keeps what is queued, says which counter was the last, and refuses what comes after", async () => {
  await using dir = await temporaryDir();
  const journal = await openJournal(optionsFor(dir.path));
  const queued = journal.append(record());
  await journal.close();
  await expect(queued).resolves.toBeUndefined();
  await expect(journal.append(record())).rejects.toMatchObject({ reason: "closed", code: "audit-full" });
  await journal.close();
  expect(await written(dir.path)).toEqual([
    { counter: 1, requestId: "req_1" },
    { counter: -1, requestId: "end" },
  ]);
});

test("a record that is none is refused and takes no counter", async () => {
  await using dir = await temporaryDir();
  await using journal = await openJournal(optionsFor(dir.path));
  await expect(journal.append({ ...record(), durationMs: 0.5 })).rejects.toThrow(RangeError);
  await journal.append(record("req_2"));
  expect(await written(dir.path)).toEqual([{ counter: 1, requestId: "req_2" }]);
});

test("a full journal refuses, warns at half, and takes records again when space was freed", async () => {
  await using dir = await temporaryDir();
  await using journal = await openJournal(optionsFor(dir.path, { maxBytes: 40_000 }));
  let kept = 0;
  let alarmAt = 0;
  const fill = async () => {
    for (;;) {
      await journal.append(record());
      kept += 1;
      if (alarmAt === 0 && journal.use().alarm) alarmAt = journal.use().usedBytes;
    }
  };
  await expect(fill()).rejects.toMatchObject({ reason: "limit", status: 503 });
  expect(alarmAt).toBeGreaterThanOrEqual(20_000);
  expect(alarmAt).toBeLessThan(20_500);
  expect((await segmentNames(dir.path)).length).toBeGreaterThan(4);
  journal.release(30_000);
  expect(journal.use().alarm).toBe(false);
  await journal.append(record());
  expect((await written(dir.path)).map((line) => line.counter)).toEqual(Array.from({ length: kept + 1 }, (_, i) => i + 1));
});

test("what earlier journals left counts as used", async () => {
  await using dir = await temporaryDir();
  const first = await openJournal(optionsFor(dir.path));
  await first.append(record());
  await first.close();
  await using second = await openJournal(optionsFor(dir.path));
  expect(second.use().usedBytes).toBe(first.use().usedBytes);
});

test("with sync answer every append of a crowd is kept, and a removed file is noticed before the answer", async () => {
  await using dir = await temporaryDir();
  const journal = await openJournal(optionsFor(dir.path, { sync: "answer" }));
  await Promise.all(
    Array.from({ length: 50 }, async (_, i) => {
      for (let round = 0; round < i % 4; round += 1) await turn();
      await journal.append(record(`req_${i}`));
    }),
  );
  expect((await written(dir.path)).length).toBe(50);
  await rm(join(dir.path, journal.journalId), { recursive: true });
  await expect(journal.append(record())).rejects.toMatchObject({ reason: "io" });
  await expect(journal.append(record())).rejects.toMatchObject({ reason: "io" });
  await journal.close();
});

test("a single record can ask to be on disk", async () => {
  await using dir = await temporaryDir();
  await using journal = await openJournal(optionsFor(dir.path));
  const [lax, strict] = [journal.append(record("req_1")), journal.append(record("req_2"), "answer")];
  await Promise.all([lax, strict]);
  expect((await written(dir.path)).map((line) => line.requestId)).toEqual(["req_1", "req_2"]);
});

// a real short write: the process may not make files longer than 8 KiB, so the kernel takes a part and then refuses
const shortWriteChild = `
  const { openJournal } = await import(${JSON.stringify(new URL("journal.ts", import.meta.url).href)});
  const { createLog } = await import(${JSON.stringify(new URL("../platform/log.ts", import.meta.url).href)});
  const { newId } = await import(${JSON.stringify(new URL("../platform/ids.ts", import.meta.url).href)});
  const journal = await openJournal({ dir: process.argv[1], nodeId: "nod_1", log: createLog("silent"), sync: "interval", segmentBytes: 7000 });
  const record = (requestId) => ({ id: newId("aud"), at: new Date().toISOString(), phase: "answer", method: "GET", route: "/v1/x", status: 200, code: "ok", requestId });
  const outcomes = [];
  const crowd = (name, size) => Promise.allSettled(Array.from({ length: size }, (_, i) => journal.append(record(name + "_" + i))))
    .then((all) => outcomes.push(...all.map((one, i) => [name + "_" + i, one.status === "fulfilled" ? "kept" : one.reason.reason])));
  await crowd("a", 20); await crowd("b", 50); await crowd("c", 3); await crowd("d", 20); await crowd("e", 5);
  await journal.close();
  console.log(JSON.stringify(outcomes));
`;

test("a write that the disk takes only in part leaves no gap and no half line", async () => {
  await using dir = await temporaryDir();
  const { stdout } = await promisify(execFile)("bash", [
    "-c",
    'ulimit -f 8; exec "$0" --input-type=module -e "$1" "$2"',
    process.execPath,
    shortWriteChild,
    dir.path,
  ]);
  const outcomes: [string, string][] = JSON.parse(stdout);
  const lines = await written(dir.path);
  const kept = outcomes.filter(([, outcome]) => outcome === "kept").map(([requestId]) => requestId);
  expect(outcomes.filter(([requestId]) => requestId.startsWith("b_")).every(([, outcome]) => outcome === "io")).toBe(true);
  expect(kept.length).toBeGreaterThan(25);
  expect(lines).toEqual([...kept.map((requestId, i) => ({ counter: i + 1, requestId })), { counter: -1, requestId: "end" }]);
});
