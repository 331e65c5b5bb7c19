import { createLog } from "../../platform/log.ts";
import { createBucketStore, type BucketStore } from "../limits/bucket-store.ts";
import { ShareKeeper } from "../limits/share-lease.ts";
import { isEmpty, noRange, type Range } from "../limits/share-line.ts";

/** What becomes of one exchange with the store: `lost-answer` and `late-answer` are written all the same. */
export type Fate = "ok" | "lost-request" | "lost-answer" | "late-answer";

type Row = { range: Range; reservedUntilMs: number };
type Node = { id: string; offsetMs: number; keeper: ShareKeeper; buckets: BucketStore; late: (() => void)[] };

/** Nodes with clocks of their own, and the store between them, in a time that passes only when told. */
export class SimulatedLine {
  readonly #rows = new Map<string, Row>();
  readonly #reserveMs: number;
  #nowMs = 1_000_000;

  constructor(reserveMs: number) {
    this.#reserveMs = reserveMs;
  }

  get nowMs(): number {
    return this.#nowMs;
  }

  pass(ms: number): void {
    this.#nowMs += ms;
  }

  /** A process; another one of the same id only after the first is dead. */
  boot(id: string, offsetMs: number): Node & { fate: Fate } {
    const self = { fate: "ok" as Fate, late: [] as (() => void)[] };
    const clock = { now: () => new Date(this.#nowMs), monotonicMs: () => this.#nowMs + offsetMs };
    const rows = {
      exchange: (_reserveMs: number, decide: (line: { others: { nodeId: string; range: Range }[]; own: Range; idleMs: number }) => Range) =>
        this.#exchange(id, self, decide),
      release: (restedMs: number) => {
        const row = this.#rows.get(id);
        if (row !== undefined && row.reservedUntilMs > this.#nowMs)
          row.reservedUntilMs = Math.min(row.reservedUntilMs, this.#nowMs - restedMs);
        return Promise.resolve();
      },
    };
    const keeper = new ShareKeeper({ rows, nodeId: id, reserveMs: this.#reserveMs, clock, log: createLog("silent") });
    return Object.assign(self, { id, offsetMs, keeper, buckets: createBucketStore(keeper.shares) });
  }

  #exchange(
    id: string,
    self: { fate: Fate; late: (() => void)[] },
    decide: (line: { others: { nodeId: string; range: Range }[]; own: Range; idleMs: number }) => Range,
  ): Promise<Range> {
    if (self.fate === "lost-request") return Promise.reject(new Error("lost"));
    const held = [...this.#rows]
      .filter(([, row]) => row.reservedUntilMs > this.#nowMs)
      .map(([nodeId, row]) => ({ nodeId, range: row.range }));
    const ends = [...this.#rows.values()].map((row) => this.#nowMs - row.reservedUntilMs);
    const range = decide({
      others: held.filter((row) => row.nodeId !== id),
      own: held.find((row) => row.nodeId === id)?.range ?? noRange,
      idleMs: held.some((row) => !isEmpty(row.range)) ? 0 : Math.max(0, Math.min(...ends)),
    });
    this.#rows.set(id, { range, reservedUntilMs: this.#nowMs + this.#reserveMs });
    if (self.fate === "lost-answer") return Promise.reject(new Error("lost"));
    if (self.fate === "ok") return Promise.resolve(range);
    return new Promise((resolve) => self.late.push(() => resolve(range)));
  }
}
