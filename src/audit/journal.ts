import type { AccessRecord } from "../contract/access-record.ts";
import { type Clock, systemClock } from "../platform/clock.ts";
import { newId } from "../platform/ids.ts";
import type { Log } from "../platform/log.ts";
import { processStamp } from "../platform/process-stamp.ts";
import { createJournalFolder, journalBytes } from "./journal-files.ts";
import { JournalFull } from "./journal-full.ts";
import { encodeEnd, encodeRecord, maxLineBytes } from "./journal-line.ts";
import { JournalSegment } from "./journal-segment.ts";
import { JournalSync } from "./journal-sync.ts";

/**
 * When an append counts as kept. interval: write(2) returned, on disk within 50 ms; survives any kill of the process,
 * a power loss may take those 50 ms. answer: on disk.
 */
export type SyncMode = "interval" | "answer";

export type JournalOptions = {
  /** Holds one folder per journal; belongs to one node. */
  dir: string;
  nodeId: string;
  log: Log;
  sync: SyncMode;
  /** All journals of `dir` together; default 4 GiB. */
  maxBytes?: number;
  /** A file is closed at this size; default 64 MiB. */
  segmentBytes?: number;
  clock?: Clock;
};

/** How far the journal's files are whole: a reader stays before this. */
export type JournalPosition = { segment: number; offset: number; counter: number; closed: boolean };

/** `refusing`: the disk has not taken a record in the last seconds, and none since. */
export type JournalUse = { usedBytes: number; maxBytes: number; alarm: boolean; refusing: boolean };

/** The access log of one run of a node, on its own disk, until the shipper has brought it to the store. */
export type Journal = AsyncDisposable & {
  readonly journalId: string;
  /**
   * Keeps a record. Rejects with JournalFull when it cannot be kept (answer 503), with RangeError when it is no valid
   * record. `sync` asks for more than the journal's own mode.
   */
  append(record: AccessRecord, sync?: SyncMode): Promise<void>;
  position(): JournalPosition;
  use(): JournalUse;
  /** The shipper freed so many bytes. */
  release(bytes: number): void;
  /** Writes the closing line and syncs. Appends after it are refused; closing again does nothing. */
  close(): Promise<void>;
};

const syncEveryMs = 50;
const syncEveryRecords = 1000;
// a node that nobody calls any more because it said so has to be tried again
const refusingMs = 5_000;
// room that only the closing line may take
const reservedBytes = 4096;

/** Opens a new journal. A process never continues another's: what is left in `dir` is the shipper's to bring home. */
export async function openJournal(options: JournalOptions): Promise<Journal> {
  const journalId = newId("jrn");
  const clock = options.clock ?? systemClock;
  const used = await journalBytes(options.dir);
  const folder = await createJournalFolder(options.dir, {
    journal_id: journalId,
    node_id: options.nodeId,
    opened_at: clock.now().toISOString(),
    pid: process.pid,
    stamp: processStamp(process.pid) ?? "",
  });
  return new NodeJournal({ ...options, clock, journalId, folder, used });
}

type Batch = {
  text: string;
  bytes: number;
  records: number;
  durable: boolean;
  kept: PromiseWithResolvers<void>;
  synced: PromiseWithResolvers<void>;
};

function emptyBatch(): Batch {
  const batch = {
    text: "",
    bytes: 0,
    records: 0,
    durable: false,
    kept: Promise.withResolvers<void>(),
    synced: Promise.withResolvers<void>(),
  };
  // every appender gets its own rejection; a promise that no appender asked for must not end the process
  batch.kept.promise.catch(() => undefined);
  batch.synced.promise.catch(() => undefined);
  return batch;
}

class NodeJournal implements Journal {
  readonly journalId: string;
  readonly #folder: string;
  readonly #sync: SyncMode;
  readonly #log: Log;
  readonly #clock: Clock;
  readonly #maxBytes: number;
  readonly #segmentBytes: number;
  readonly #syncer: JournalSync;
  #segment: JournalSegment;
  #batch = emptyBatch();
  #scheduled = false;
  #written = 0;
  #unsynced = 0;
  #used: number;
  #alarm = false;
  #refusedAt = Number.NEGATIVE_INFINITY;
  /** The next batch goes to a new file. */
  #suspect = false;
  #closing: Promise<void> | undefined;
  #closed = false;

  constructor(options: JournalOptions & { clock: Clock; journalId: string; folder: string; used: number }) {
    this.journalId = options.journalId;
    this.#folder = options.folder;
    this.#sync = options.sync;
    this.#log = options.log;
    this.#clock = options.clock;
    this.#maxBytes = options.maxBytes ?? 4 * 2 ** 30;
    // space comes back file by file, so there must be several
    this.#segmentBytes = Math.min(options.segmentBytes ?? 64 * 2 ** 20, Math.ceil(this.#maxBytes / 8));
    this.#used = options.used;
    this.#syncer = new JournalSync((error) => this.#syncFailed(error));
    this.#segment = new JournalSegment(this.#folder, 1);
    this.#syncer.follow(this.#segment);
  }

  async append(record: AccessRecord, sync: SyncMode = this.#sync): Promise<void> {
    if (this.#closing !== undefined) throw new JournalFull("closed");
    const line = encodeRecord(record, this.#written + this.#batch.records + 1);
    const bytes = Buffer.byteLength(line);
    if (bytes > maxLineBytes) throw new RangeError("access record: too long");
    if (this.#used + this.#batch.bytes + bytes > this.#maxBytes - reservedBytes) throw new JournalFull("limit");
    const batch = this.#batch;
    batch.text += line;
    batch.bytes += bytes;
    batch.records += 1;
    this.#schedule();
    if (sync === "interval" && this.#sync === "interval") return batch.kept.promise;
    batch.durable = true;
    return batch.synced.promise;
  }

  position(): JournalPosition {
    return { segment: this.#segment.number, offset: this.#segment.size, counter: this.#written, closed: this.#closed };
  }

  use(): JournalUse {
    const refusing = this.#clock.monotonicMs() - this.#refusedAt < refusingMs;
    return { usedBytes: this.#used, maxBytes: this.#maxBytes, alarm: this.#alarm, refusing };
  }

  release(bytes: number): void {
    this.#used -= bytes;
    this.#checkAlarm();
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  // one write for all that this turn of the event loop brought: the check phase comes after every socket was read
  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => this.#flush());
  }

  #flush(): void {
    this.#scheduled = false;
    const batch = this.#batch;
    if (batch.records === 0) return;
    this.#batch = emptyBatch();
    try {
      this.#write(Buffer.from(batch.text));
    } catch (error) {
      this.#refuse(batch, error);
      return;
    }
    this.#refusedAt = Number.NEGATIVE_INFINITY;
    this.#written += batch.records;
    batch.kept.resolve();
    this.#arrangeSync(batch);
  }

  #write(bytes: Buffer): void {
    this.#rotate();
    this.#segment.append(bytes);
    this.#used += bytes.length;
    this.#checkAlarm();
  }

  #refuse(batch: Batch, error: unknown): void {
    this.#log.error({ err: error, journal: this.journalId, records: batch.records }, "audit journal cannot be written");
    this.#refusedAt = this.#clock.monotonicMs();
    // what is written can be shipped and removed once it is in a file of its own: on a small disk nothing else makes room
    if (this.#segment.size > 0) this.#suspect = true;
    const refusal = new JournalFull("io", error);
    batch.kept.reject(refusal);
    batch.synced.reject(refusal);
  }

  #arrangeSync(batch: Batch): void {
    this.#unsynced += batch.records;
    if (!batch.durable && this.#unsynced < syncEveryRecords) {
      this.#syncer.within(syncEveryMs);
      return;
    }
    this.#unsynced = 0;
    this.#syncer.durable().then(batch.synced.resolve, (error: unknown) => {
      this.#syncFailed(error);
      batch.synced.reject(new JournalFull("io", error));
    });
  }

  // after a failed sync the kernel may have dropped pages and still say yes the next time, so a new file is begun
  #syncFailed(error: unknown): void {
    this.#suspect = true;
    this.#log.error({ err: error, journal: this.journalId }, "audit journal cannot be synced");
  }

  #rotate(): void {
    if (this.#segment.size < this.#segmentBytes && !this.#suspect) return;
    // a later file on disk without the end of this one would be a gap
    this.#segment.syncNow();
    this.#segment = new JournalSegment(this.#folder, this.#segment.number + 1);
    this.#syncer.follow(this.#segment);
    this.#suspect = false;
  }

  #checkAlarm(): void {
    const share = this.#used / this.#maxBytes;
    const alarm = this.#alarm ? share > 0.4 : share >= 0.5;
    if (alarm && !this.#alarm) this.#log.warn({ used: this.#used, max: this.#maxBytes }, "audit journal is half full");
    this.#alarm = alarm;
  }

  async #close(): Promise<void> {
    this.#flush();
    try {
      const end = Buffer.from(encodeEnd(this.#written, this.#clock.now().toISOString()));
      this.#write(end);
      await this.#syncer.durable();
    } catch (error) {
      // what was written stands; the shipper takes the journal for one that was killed
      this.#log.error({ err: error, journal: this.journalId }, "audit journal cannot be closed");
    }
    this.#closed = true;
    await this.#syncer.close();
  }
}
