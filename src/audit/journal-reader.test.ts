import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { newId } from "../platform/ids.ts";
import { segmentPath } from "./journal-files.ts";
import { encodeEnd, encodeRecord } from "./journal-line.ts";
import { type JournalCursor, readJournal } from "./journal-reader.ts";

const at = "2026-03-01T12:00:00.000Z";
const start: JournalCursor = { segment: 1, offset: 0, counter: undefined };

function line(counter: number): string {
  return encodeRecord(
    { id: newId("aud"), at, phase: "answer", method: "GET", route: "/v1/x", status: 200, code: "ok", requestId: "req_1" },
    counter,
  );
}

function lines(from: number, to: number): string {
  return Array.from({ length: to - from + 1 }, (_, i) => line(from + i)).join("");
}

async function folderWith(segments: Record<number, string | Buffer>): Promise<{ path: string } & AsyncDisposable> {
  const path = await mkdtemp(join(tmpdir(), "aqueduto-reader-"));
  for (const [segment, content] of Object.entries(segments)) await writeFile(segmentPath(path, Number(segment)), content);
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true }) };
}

/** Reads an ended journal to its end in batches of 4. */
async function readAll(path: string): Promise<{ counters: number[]; outcome: string }> {
  const counters: number[] = [];
  let cursor = start;
  for (;;) {
    const found = await readJournal(path, cursor, "ended", 4);
    if (found.kind === "damaged") return { counters, outcome: `damaged ${found.segment}` };
    if (found.kind === "done") return { counters, outcome: `${found.end ? "end" : "no end"}${found.torn ? ", torn" : ""}` };
    counters.push(...found.lines.map((one) => one.counter));
    ({ cursor } = found);
  }
}

const half = line(4).slice(0, 60);
const oneToSix = [1, 2, 3, 4, 5, 6];

test.each<[string, Record<number, string | Buffer>, number[], string]>([
  ["a closed journal", { 1: lines(1, 4), 2: lines(5, 6) + encodeEnd(6, at) }, oneToSix, "end"],
  ["an empty closed journal", { 1: encodeEnd(0, at) }, [], "end"],
  ["a journal without files", {}, [], "no end"],
  ["a killed journal", { 1: lines(1, 6) }, oneToSix, "no end"],
  ["a journal killed right after a new file was begun", { 1: lines(1, 6), 2: "" }, oneToSix, "no end"],
  ["a journal whose first files are shipped and gone", { 7: lines(5, 6) + encodeEnd(6, at) }, [5, 6], "end"],
  ["a last line without its end", { 1: lines(1, 3) + half }, [1, 2, 3], "no end, torn"],
  ["a last line with a wrong checksum", { 1: `${lines(1, 3)}${half}\n` }, [1, 2, 3], "no end, torn"],
  [
    "a tail of zeros, as a power loss leaves it",
    { 1: Buffer.concat([Buffer.from(lines(1, 3)), Buffer.alloc(5000)]) },
    [1, 2, 3],
    "no end, torn",
  ],
  ["a closing line cut short", { 1: lines(1, 3) + encodeEnd(3, at).slice(0, -4) }, [1, 2, 3], "no end, torn"],
  ["a bad line before a good one", { 1: `${lines(1, 3)}${half}\n${line(5)}` }, [1, 2, 3], "damaged 1"],
  ["a cut line in a file that is not the last", { 1: lines(1, 3) + half, 2: line(5) }, [1, 2, 3], "damaged 1"],
  ["a counter left out", { 1: lines(1, 3) + lines(5, 6) }, [1, 2, 3], "damaged 1"],
  ["a counter twice", { 1: lines(1, 3) + line(3) }, [1, 2, 3], "damaged 1"],
  ["a file left out", { 1: lines(1, 2), 3: lines(5, 6) }, [1, 2], "damaged 3"],
  ["a closing line that knows of more", { 1: lines(1, 3) + encodeEnd(4, at) }, [1, 2, 3], "damaged 1"],
  ["a line behind the closing line", { 1: lines(1, 3) + encodeEnd(3, at) + line(4) }, [1, 2, 3], "damaged 1"],
  ["a file behind the closing line", { 1: lines(1, 3) + encodeEnd(3, at), 2: line(4) }, [1, 2, 3], "damaged 1"],
  ["a line longer than any", { 1: `${lines(1, 3)}${"x".repeat(3 * 2 ** 20)}\n${line(4)}` }, [1, 2, 3], "damaged 1"],
])("%s is read for what it is", async (_case, segments, counters, outcome) => {
  await using folder = await folderWith(segments);
  expect(await readAll(folder.path)).toEqual({ counters, outcome });
});

test("a living journal is read up to its bound, whatever stands behind it", async () => {
  const whole = lines(1, 3);
  await using folder = await folderWith({ 1: whole + half });
  const bound = { segment: 1, offset: Buffer.byteLength(whole) };
  const first = await readJournal(folder.path, start, bound, 10);
  expect(first).toMatchObject({ kind: "lines", cursor: { counter: 3, offset: bound.offset } });
  const behind = { segment: 1, offset: bound.offset, counter: 3 };
  expect(await readJournal(folder.path, behind, bound, 10)).toEqual({ kind: "done", cursor: behind, torn: false, end: false });
});

test("a journal longer than one read comes whole", async () => {
  await using folder = await folderWith({ 1: lines(1, 6000), 2: lines(6001, 6005) + encodeEnd(6005, at) });
  const { counters, outcome } = await readAll(folder.path);
  expect(outcome).toBe("end");
  expect(counters).toEqual(Array.from({ length: 6005 }, (_, i) => i + 1));
});
