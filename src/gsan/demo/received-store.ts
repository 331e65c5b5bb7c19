import { createReadStream } from "node:fs";
import { mkdir, open, rename } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { dirname } from "node:path";
import { createInterface } from "node:readline";

/** One request as the receiver keeps it; `body` is the received text. */
export type Received = { "webhook-id": string | null; verified: boolean; body: string };

export type StoreLimits = { records: number; bytes: number };

/**
 * What the receiver got, in memory and in a file. A record is in the file (write(2) returned) before `append`
 * resolves, so a kill loses nothing that was answered. Past the limits the oldest records are dropped and counted.
 */
export type ReceivedStore = {
  append(record: Received): Promise<void>;
  /** JSON texts, oldest first. */
  lines(): readonly string[];
  dropped(): number;
  clear(): Promise<void>;
  close(): Promise<void>;
};

/** Reads what is there; a line cut off by a kill is left out. */
export async function openReceivedStore(path: string, limits: StoreLimits): Promise<ReceivedStore> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const kept = createWindow(limits);
  for await (const line of readRecords(path)) {
    kept.push(line);
  }
  let file = await rewrite(path, kept.lines());
  let droppedFromFile = 0;
  // one after the other: lines never mix, and a clear never overtakes an append
  let queue: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const result = queue.then(work);
    queue = result.catch(() => {});
    return result;
  };
  async function append(record: Received): Promise<void> {
    const line = JSON.stringify(record);
    await file.appendFile(`${line}\n`);
    droppedFromFile += kept.push(line);
    if (droppedFromFile > limits.records) {
      await file.close();
      file = await rewrite(path, kept.lines());
      droppedFromFile = 0;
    }
  }
  return {
    append: (record) => inTurn(() => append(record)),
    lines: kept.lines,
    dropped: kept.dropped,
    clear: () =>
      inTurn(async () => {
        await file.truncate(0);
        kept.clear();
      }),
    close: () => inTurn(() => file.close()),
  };
}

type Window = {
  /** Keeps the line; returns how many old ones it dropped for it. */
  push(line: string): number;
  lines(): readonly string[];
  dropped(): number;
  clear(): void;
};

function createWindow(limits: StoreLimits): Window {
  let kept: string[] = [];
  let bytes = 0;
  let dropped = 0;
  return {
    push(line) {
      kept.push(line);
      bytes += line.length;
      let gone = 0;
      while (kept.length > limits.records || (bytes > limits.bytes && kept.length > 1)) {
        bytes -= kept.shift()?.length ?? 0;
        gone += 1;
      }
      dropped += gone;
      return gone;
    },
    lines: () => kept,
    dropped: () => dropped,
    clear() {
      kept = [];
      bytes = 0;
      dropped = 0;
    },
  };
}

async function* readRecords(path: string): AsyncGenerator<string> {
  const found = await open(path, "a");
  await found.close();
  for await (const line of createInterface({ input: createReadStream(path, "utf8"), crlfDelay: Infinity })) {
    if (isJson(line)) {
      yield line;
    }
  }
}

function isJson(line: string): boolean {
  try {
    JSON.parse(line);
    return true;
  } catch {
    return false;
  }
}

/** Replaces the file by the given lines, by rename, and opens it for appending. */
async function rewrite(path: string, lines: readonly string[]): Promise<FileHandle> {
  const next = await open(`${path}.next`, "w", 0o600);
  for (const line of lines) {
    await next.appendFile(`${line}\n`);
  }
  await next.close();
  await rename(`${path}.next`, path);
  return open(path, "a");
}
