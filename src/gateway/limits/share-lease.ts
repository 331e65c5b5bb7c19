import type { Clock } from "../../platform/clock.ts";
import type { Log } from "../../platform/log.ts";
import { ShareHistory } from "./share-history.ts";
import { within } from "./within.ts";
import { isEmpty, nextRange, noRange, overlap, targetOf, type Holding, type Range } from "./share-line.ts";

/** What the store says under its lock: the ranges still reserved for other nodes, this node's own, and how long none was used. */
export type LineState = {
  others: readonly Holding[];
  own: Range;
  /** Since a range of anybody was last in use; 0 while one is reserved, Infinity when none ever was. */
  idleMs: number;
};

export type ShareRows = {
  /** In one transaction under the lock of the line: reads it, asks what to hold, and reserves that for `reserveMs`. */
  exchange(reserveMs: number, decide: (line: LineState) => Range): Promise<Range>;
  /** Nothing is reserved any more, and counts as unused for so long already. */
  release(restedMs: number): Promise<void>;
};

export type ShareLease = {
  readonly shares: ShareHistory;
  beat(): Promise<void>;
  /** Beats until there is a share, at most some seconds. */
  start(): Promise<void>;
  /** `restedUs` of the buckets that hold the share, at this moment. */
  close(restedUs: number): Promise<void>;
};

export type ShareLeaseOptions = { rows: ShareRows; nodeId: string; reserveMs: number; clock: Clock; log: Log };

const beatMs = 300;
const startBeats = 10;
/** An exchange that takes longer counts as failed; what it brings is not used. */
const timeoutMs = 5_000;
const closeWithinMs = 1_000;

/**
 * Keeps this node's share of all rate limits. What is given up is given up here before the store hears of it; what is gained
 * is used only once the store has written it, and not longer than it is reserved, measured from before the request was sent.
 */
export class ShareKeeper {
  readonly shares = new ShareHistory({ range: noRange, emptyAtUs: 0, usableUntilUs: 0 });
  readonly #options: ShareLeaseOptions;
  #isFirst = true;
  #isClosed = false;
  #sequence = 0;

  constructor(options: ShareLeaseOptions) {
    this.#options = options;
  }

  async exchange(): Promise<void> {
    if (this.#isClosed) return;
    const { rows, nodeId, reserveMs, clock } = this.#options;
    this.#sequence += 1;
    const sequence = this.#sequence;
    const sentMs = clock.monotonicMs();
    let idleMs = 0;
    const range = await rows.exchange(reserveMs, (line) => {
      if (this.#isClosed || sequence !== this.#sequence) throw new Error("overtaken");
      idleMs = line.idleMs;
      const target = targetOf(nodeId, line.others);
      const kept = overlap(line.own, target);
      this.#giveUp(kept);
      return nextRange(kept, target, line.others);
    });
    // an answer that a later exchange overtook speaks of a line that is no more
    if (this.#isClosed || sequence !== this.#sequence) return;
    this.#gain(range, idleMs);
    // a thousandth less: clocks do not run alike
    this.shares.keepUntil(Math.floor((sentMs + reserveMs * 0.999) * 1000));
  }

  /** In order: nothing is used here any more, then the store gives it to others. */
  async close(restedUs = 0): Promise<void> {
    this.#isClosed = true;
    this.#sequence += 1;
    this.shares.keepUntil(Number.NEGATIVE_INFINITY);
    // who never held a share knows nothing of what is reserved in its name
    const restedMs = this.#isFirst ? 0 : Math.floor(restedUs / 1000);
    // the first try may meet a connection that was lost while nobody looked; what is not given back is held for the whole grace
    await this.#options.rows.release(restedMs).catch(() => this.#options.rows.release(restedMs));
  }

  #nowUs(): number {
    return Math.floor(this.#options.clock.monotonicMs() * 1000);
  }

  #giveUp(kept: Range): void {
    const nowUs = this.#nowUs();
    this.shares.expire(nowUs);
    this.shares.change(overlap(this.shares.range, kept), nowUs);
  }

  #gain(range: Range, idleMs: number): void {
    const nowUs = this.#nowUs();
    if (this.#isFirst && !isEmpty(range)) {
      this.#isFirst = false;
      this.shares.restart(range, Math.ceil(nowUs - idleMs * 1000));
    } else this.shares.change(range, nowUs);
  }
}

/** The keeper and its loop. */
export function startShareLease(options: ShareLeaseOptions): ShareLease {
  const keeper = new ShareKeeper(options);
  let timer: NodeJS.Timeout | undefined;
  let isClosed = false;

  async function beat(): Promise<void> {
    try {
      await within(keeper.exchange(), timeoutMs);
    } catch (error) {
      options.log.debug({ err: error }, "the node's share of the limits was not renewed");
    }
  }

  async function beatAgain(): Promise<void> {
    await beat();
    next();
  }

  function next(): void {
    if (isClosed) return;
    timer = setTimeout(() => void beatAgain(), beatMs);
    timer.unref();
  }

  return {
    shares: keeper.shares,
    beat,
    async start() {
      for (let tries = 0; tries < startBeats; tries += 1) {
        await beat();
        if (!isEmpty(keeper.shares.range)) break;
        await new Promise((resolve) => setTimeout(resolve, beatMs / 2));
      }
      if (isEmpty(keeper.shares.range))
        options.log.warn("other nodes hold every share of the limits; calls are refused until they give some up");
      next();
    },
    async close(restedUs) {
      isClosed = true;
      clearTimeout(timer);
      await within(keeper.close(restedUs), closeWithinMs).catch(() => undefined);
    },
  };
}
