import { type FileHandle, open } from "node:fs/promises";
import { listSegments, segmentPath } from "./journal-files.ts";
import { maxLineBytes, parseLine } from "./journal-line.ts";

/** Where a reader stands: at this byte of this segment; `counter` is the last it has seen (undefined: none yet). */
export type JournalCursor = { segment: number; offset: number; counter: number | undefined };

/** What a reader may look at: all of a journal that has ended, or what a living one has written whole. */
export type JournalBound = { segment: number; offset: number } | "ended";

/** A record as its exact JSON text, with what the shipper must know of it. */
export type NumberedLine = { counter: number; at: string; text: string };

/**
 * lines: the next records in order; `cursor` stands behind them. done: nothing more before the bound; `end` tells that
 * the closing line was seen, `torn` that the file was cut short in a line, which was never acknowledged. damaged: what
 * stands there cannot be what the journal wrote; nothing behind it can be trusted.
 */
export type JournalRead =
  | { kind: "lines"; lines: NumberedLine[]; cursor: JournalCursor }
  | { kind: "done"; cursor: JournalCursor; end: boolean; torn: boolean }
  | { kind: "damaged"; segment: number; offset: number; reason: string };

type Stop = { kind: "more" } | { kind: "eof" } | { kind: "end" } | { kind: "gap" | "bad"; reason: string };
type Scan = { lines: NumberedLine[]; cursor: JournalCursor; stop: Stop };

// holds several of the longest lines
const chunkBytes = 2 ** 20;

/** The next at most `limit` records behind the cursor. Throws only what the file system throws. */
export async function readJournal(folder: string, from: JournalCursor, bound: JournalBound, limit: number): Promise<JournalRead> {
  const segments = (await listSegments(folder)).filter((segment) => bound === "ended" || segment <= bound.segment);
  let cursor = from;
  for (const segment of segments.filter((number) => number >= from.segment)) {
    if (segment > cursor.segment) cursor = { segment, offset: 0, counter: cursor.counter };
    const scan = await scanSegment(folder, cursor, bound, limit);
    if (scan.lines.length > 0) return { kind: "lines", lines: scan.lines, cursor: scan.cursor };
    const last = segment === segments.at(-1);
    if (scan.stop.kind === "end" && !last)
      return { kind: "damaged", segment, offset: scan.cursor.offset, reason: "files after the closing line" };
    if (scan.stop.kind !== "eof" || last) return await conclude(folder, scan, last && bound === "ended");
  }
  return { kind: "done", cursor, end: false, torn: false };
}

/** What it means that no record follows here. */
async function conclude(folder: string, { cursor, stop }: Scan, mayBeTorn: boolean): Promise<JournalRead> {
  if (stop.kind === "eof" || stop.kind === "end") return { kind: "done", cursor, end: stop.kind === "end", torn: false };
  if (stop.kind === "bad" && mayBeTorn && !(await anyLineAfter(folder, cursor))) return { kind: "done", cursor, end: false, torn: true };
  return { kind: "damaged", segment: cursor.segment, offset: cursor.offset, reason: "reason" in stop ? stop.reason : "unexpected" };
}

async function scanSegment(folder: string, cursor: JournalCursor, bound: JournalBound, limit: number): Promise<Scan> {
  await using file = await open(segmentPath(folder, cursor.segment), "r");
  const size = bound !== "ended" && bound.segment === cursor.segment ? bound.offset : (await file.stat()).size;
  const chunk = await readRange(file, cursor.offset, Math.min(size, cursor.offset + chunkBytes));
  return scanChunk(chunk, cursor, cursor.offset + chunk.length >= size, limit);
}

/** Takes whole lines from the chunk until the limit or the first that is no next record. */
function scanChunk(chunk: Buffer, from: JournalCursor, isLast: boolean, limit: number): Scan {
  const lines: NumberedLine[] = [];
  let at = 0;
  let counter = from.counter;
  const scan = (stop: Stop): Scan => ({ lines, cursor: { segment: from.segment, offset: from.offset + at, counter }, stop });
  while (lines.length < limit) {
    const newline = chunk.indexOf(10, at);
    if (newline < 0) return scan(afterLastLine(chunk.length - at, isLast));
    const text = chunk.subarray(at, newline);
    const line = parseLine(text);
    if (line.kind === "bad") return scan({ kind: "bad", reason: line.reason });
    const gap = gapBefore(line.kind === "end" ? line.counter : line.counter - 1, counter);
    if (gap !== undefined) return scan({ kind: "gap", reason: gap });
    if (line.kind === "end")
      return scan(isLast && newline + 1 === chunk.length ? { kind: "end" } : { kind: "gap", reason: "lines after the closing line" });
    lines.push({ counter: line.counter, at: line.record.at, text: text.toString("utf8") });
    counter = line.counter;
    at = newline + 1;
  }
  return scan({ kind: "more" });
}

function afterLastLine(rest: number, isLast: boolean): Stop {
  if (isLast) return rest === 0 ? { kind: "eof" } : { kind: "bad", reason: "line without end" };
  return rest >= maxLineBytes ? { kind: "bad", reason: "line too long" } : { kind: "more" };
}

function gapBefore(expected: number, counter: number | undefined): string | undefined {
  return counter === undefined || counter === expected ? undefined : `counter ${expected} was expected to follow, ${counter} stands there`;
}

/** True when a good line stands behind a bad one: then it was not the end of the file that was torn. */
async function anyLineAfter(folder: string, cursor: JournalCursor): Promise<boolean> {
  await using file = await open(segmentPath(folder, cursor.segment), "r");
  const rest = await readRange(file, cursor.offset, (await file.stat()).size);
  for (let at = rest.indexOf(10) + 1; at > 0 && at < rest.length;) {
    const newline = rest.indexOf(10, at);
    if (newline < 0) return false;
    if (parseLine(rest.subarray(at, newline)).kind !== "bad") return true;
    at = newline + 1;
  }
  return false;
}

async function readRange(file: FileHandle, from: number, to: number): Promise<Buffer> {
  const bytes = Buffer.alloc(Math.max(0, to - from));
  let done = 0;
  while (done < bytes.length) {
    const { bytesRead } = await file.read(bytes, done, bytes.length - done, from + done);
    if (bytesRead === 0) break;
    done += bytesRead;
  }
  return bytes.subarray(0, done);
}
