import { rm } from "node:fs/promises";
import type { Clock } from "../platform/clock.ts";
import type { Db } from "../db/database.ts";
import type { Journal } from "./journal.ts";
import { fileSize, type JournalOwner, listSegments, removeJournalFolder, segmentPath } from "./journal-files.ts";
import { type JournalCursor, type JournalRead, type NumberedLine, readJournal } from "./journal-reader.ts";
import { closeShippedJournal, ensurePartitions, registerJournal, shipBatch } from "./ship-batch.ts";

/** A journal whose files contradict themselves or the store. Nothing of it is deleted; a person has to look. */
export class JournalDamaged extends Error {
  constructor(journalId: string, reason: string) {
    super(`audit journal ${journalId}: ${reason}`);
    this.name = "JournalDamaged";
  }
}

export type TailContext = {
  db: Db;
  clock: Clock;
  /** Records in a transaction, at most. */
  batchRecords: number;
  /** Months that have their partition, filled by use. */
  months: Set<string>;
  /** Bytes given back to the disk. */
  freed(bytes: number): void;
};

const start: JournalCursor = { segment: 1, offset: 0, counter: undefined };

/** One journal on its way to the store. `living` is the writer, for the journal of this process. */
export class JournalTail {
  readonly owner: JournalOwner;
  readonly #folder: string;
  readonly #living: Journal | undefined;
  #cursor = start;
  #shipped: number | undefined;
  #closed = false;

  constructor(folder: string, owner: JournalOwner, living?: Journal) {
    this.#folder = folder;
    this.owner = owner;
    this.#living = living;
  }

  /**
   * Ships one batch. `more`: call again; `idle`: all that is written is in the store; `gone`: the journal has ended, is
   * all in the store and was removed. Throws JournalDamaged, or what store and file system throw; then the next call
   * goes on from where the store is.
   */
  async step(context: TailContext): Promise<"more" | "idle" | "gone"> {
    this.#shipped ??= await this.#register(context.db);
    const position = this.#living?.position();
    const bound = position === undefined || position.closed ? "ended" : position;
    const found = await readJournal(this.#folder, this.#cursor, bound, context.batchRecords);
    if (found.kind === "damaged") throw this.#damaged(`${found.reason} (file ${found.segment}, byte ${found.offset})`);
    if (found.kind === "lines") {
      await this.#ship(context, found.lines, found.cursor);
      return "more";
    }
    if (position !== undefined && position.counter !== (found.cursor.counter ?? this.#shipped)) throw this.#damaged("files are missing");
    await this.#deleteBefore(context, found.cursor.segment);
    return bound === "ended" ? this.#finish(context, found) : "idle";
  }

  async #register(db: Db): Promise<number> {
    const state = await registerJournal(db, this.owner);
    this.#cursor = start;
    this.#closed = state.closed;
    return state.shipped;
  }

  async #ship(context: TailContext, lines: readonly NumberedLine[], cursor: JournalCursor): Promise<void> {
    const shipped = this.#shipped ?? 0;
    const fresh = lines.filter((line) => line.counter > shipped);
    const first = fresh[0];
    if (first !== undefined && first.counter !== shipped + 1) {
      throw this.#damaged(`the store has 1..${shipped}, the files go on with ${first.counter}`);
    }
    if (first !== undefined && this.#closed) throw this.#damaged(`closed in the store at ${shipped}, the files have more`);
    await this.#insert(context, fresh);
    this.#cursor = cursor;
    await this.#deleteBefore(context, cursor.segment);
  }

  async #insert(context: TailContext, lines: readonly NumberedLine[]): Promise<void> {
    const last = lines.at(-1);
    if (last === undefined) return;
    // until the store answers, how far it got is not known
    this.#shipped = undefined;
    for (const line of lines) await ensureMonth(context, line.at);
    if (!(await shipBatch(context.db, this.owner.journal_id, lines))) return;
    this.#shipped = last.counter;
  }

  /** Every record of these files is in the store. */
  async #deleteBefore(context: TailContext, segment: number): Promise<void> {
    if (this.#shipped === undefined) return;
    for (const number of await listSegments(this.#folder)) {
      if (number >= segment) break;
      const path = segmentPath(this.#folder, number);
      const bytes = await fileSize(path);
      await rm(path);
      context.freed(bytes);
    }
  }

  async #finish(context: TailContext, found: JournalRead & { kind: "done" }): Promise<"gone"> {
    if (!this.#closed) await closeShippedJournal(context.db, this.owner.journal_id, context.clock.now(), !found.end);
    const bytes = await folderBytes(this.#folder);
    await removeJournalFolder(this.#folder);
    context.freed(bytes);
    return "gone";
  }

  #damaged(reason: string): JournalDamaged {
    return new JournalDamaged(this.owner.journal_id, reason);
  }
}

async function folderBytes(folder: string): Promise<number> {
  let bytes = 0;
  for (const segment of await listSegments(folder)) bytes += await fileSize(segmentPath(folder, segment));
  return bytes;
}

async function ensureMonth(context: TailContext, at: string): Promise<void> {
  const month = at.slice(0, 7);
  if (context.months.has(month)) return;
  await ensurePartitions(context.db, at);
  context.months.add(month);
}
