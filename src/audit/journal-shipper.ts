import { setTimeout as wait } from "node:timers/promises";
import type { Db } from "../db/database.ts";
import type { Clock } from "../platform/clock.ts";
import type { Log } from "../platform/log.ts";
import type { Journal } from "./journal.ts";
import { isOwnerRunning, listJournals } from "./journal-files.ts";
import { JournalDamaged, JournalTail, type TailContext } from "./journal-tail.ts";
import { ensurePartitions } from "./ship-batch.ts";

export type ShipperOptions = {
  /** The directory given to openJournal. */
  dir: string;
  db: Db;
  log: Log;
  clock: Clock;
  /** The journal this process writes; without it only what others left is shipped. */
  journal?: Journal;
  /** Records in one transaction, at most; default 1000. */
  batchRecords?: number;
  /** How often the files are looked at; default 200 ms. */
  pollMs?: number;
};

export type JournalShipper = AsyncDisposable & {
  /** Not ready while the store refuses batches or the journal is half full; a damaged journal is named but stops nothing. */
  readiness(): { ready: boolean; reason?: string };
  /** Resolves when all that was kept before the call is in the store. Rejects when the store is away or a file is damaged. */
  flush(): Promise<void>;
  /** Ships what it can until the deadline, then ends. Close the journal first: a closed journal that is shipped is removed. */
  drain(deadlineMs: number): Promise<void>;
};

const rescanMs = 5_000;
const backoffMs = { first: 250, most: 10_000 };

/** Brings the journals of this node to access_entry, exactly once, in the order of their counters. */
export function startJournalShipper(options: ShipperOptions): JournalShipper {
  return new DirectoryShipper(options);
}

class DirectoryShipper implements JournalShipper {
  readonly #options: ShipperOptions;
  readonly #context: TailContext;
  readonly #tails = new Map<string, JournalTail>();
  readonly #damaged = new Map<string, string>();
  readonly #stop = new AbortController();
  readonly #loop: Promise<void>;
  #pass: Promise<void> = Promise.resolve();
  #scannedAt = Number.NEGATIVE_INFINITY;
  #partitionsMonth = "";
  #failure: string | undefined;
  #backoffMs = 0;
  #halted = false;

  constructor(options: ShipperOptions) {
    this.#options = options;
    this.#context = {
      db: options.db,
      clock: options.clock,
      batchRecords: options.batchRecords ?? 1000,
      months: new Set(),
      freed: (bytes) => options.journal?.release(bytes),
    };
    this.#loop = this.#run();
  }

  readiness(): { ready: boolean; reason?: string } {
    const journal = this.#options.journal;
    if (journal?.use().refusing === true) return { ready: false, reason: "audit journal cannot be written" };
    if (this.#failure !== undefined) return { ready: false, reason: this.#failure };
    if (journal?.use().alarm === true) return { ready: false, reason: "audit journal is half full" };
    const damaged = [...this.#damaged.keys()];
    if (damaged.length === 0) return { ready: true };
    return { ready: journal === undefined || !damaged.includes(journal.journalId), reason: `damaged audit journal: ${damaged.join(", ")}` };
  }

  async flush(): Promise<void> {
    await this.#exclusive(() => this.#scanAndShip());
    const [reason] = this.#damaged.values();
    if (reason !== undefined) throw new Error(reason);
  }

  async drain(deadlineMs: number): Promise<void> {
    this.#stop.abort();
    const late = AbortSignal.timeout(Math.max(0, deadlineMs));
    late.addEventListener("abort", () => {
      this.#halted = true;
    });
    await Promise.race([this.#drainAll(), abortOf(late)]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#halted = true;
    this.#stop.abort();
    await this.#loop;
    await this.#pass;
  }

  async #drainAll(): Promise<void> {
    await this.#loop;
    while (!this.#halted) {
      try {
        await this.#exclusive(() => this.#scanAndShip());
        return;
      } catch (error) {
        this.#options.log.warn({ err: error }, "audit journal is not shipped whole yet; what stays is shipped at the next start");
        await wait(backoffMs.first);
      }
    }
  }

  async #run(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      await this.#attempt();
      await wait(this.#backoffMs || (this.#options.pollMs ?? 200), undefined, { ref: false, signal: this.#stop.signal }).catch(
        () => undefined,
      );
    }
  }

  async #attempt(): Promise<void> {
    try {
      await this.#exclusive(async () => {
        if (this.#options.clock.monotonicMs() - this.#scannedAt >= rescanMs) await this.#scan();
        await this.#prepareMonth();
        await this.#shipAll();
      });
      if (this.#failure !== undefined) this.#options.log.info("audit journal is shipped again");
      this.#failure = undefined;
      this.#backoffMs = 0;
    } catch (error) {
      if (this.#failure === undefined) this.#options.log.error({ err: error }, "audit journal cannot be shipped; trying again");
      this.#failure = "audit records wait for the store";
      this.#backoffMs = Math.min(backoffMs.most, this.#backoffMs === 0 ? backoffMs.first : this.#backoffMs * 2);
    }
  }

  // one at a time: a tail's cursor belongs to one pass
  #exclusive(work: () => Promise<void>): Promise<void> {
    const mine = this.#pass.then(work);
    this.#pass = mine.catch(() => undefined);
    return mine;
  }

  /** Finds the journals: that of this process, and those whose process has ended. */
  async #scan(): Promise<void> {
    const found = await listJournals(this.#options.dir);
    for (const { folder, owner } of found) {
      const living = this.#options.journal?.journalId === owner.journal_id ? this.#options.journal : undefined;
      if (this.#tails.has(owner.journal_id) || this.#damaged.has(owner.journal_id)) continue;
      if (living === undefined && isOwnerRunning(owner)) continue;
      this.#tails.set(owner.journal_id, new JournalTail(folder, owner, living));
    }
    this.#forgetRemoved(new Set(found.map((journal) => journal.owner.journal_id)));
    this.#scannedAt = this.#options.clock.monotonicMs();
  }

  /** Another shipper brought it home. That of this process is kept: that its files are gone is an error. */
  #forgetRemoved(present: ReadonlySet<string>): void {
    for (const journalId of this.#tails.keys()) {
      if (!present.has(journalId) && journalId !== this.#options.journal?.journalId) this.#tails.delete(journalId);
    }
  }

  async #prepareMonth(): Promise<void> {
    const now = this.#options.clock.now().toISOString();
    if (this.#partitionsMonth === now.slice(0, 7)) return;
    await ensurePartitions(this.#options.db, now);
    this.#partitionsMonth = now.slice(0, 7);
  }

  async #scanAndShip(): Promise<void> {
    await this.#scan();
    await this.#shipAll();
  }

  /** Every tail has its try; then the first error, if there was one. */
  async #shipAll(): Promise<void> {
    const errors: unknown[] = [];
    for (const [journalId, tail] of this.#tails) {
      await this.#shipTail(journalId, tail).catch((error: unknown) => errors.push(error));
    }
    if (errors.length > 0) throw errors[0];
  }

  async #shipTail(journalId: string, tail: JournalTail): Promise<void> {
    try {
      let step = await tail.step(this.#context);
      while (step === "more" && !this.#halted) step = await tail.step(this.#context);
      if (step === "gone") this.#tails.delete(journalId);
    } catch (error) {
      if (!(error instanceof JournalDamaged)) throw error;
      this.#tails.delete(journalId);
      this.#damaged.set(journalId, error.message);
      this.#options.log.error({ err: error }, "audit journal is damaged; its files are kept as they are");
    }
  }
}

function abortOf(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
