import { debtAt, largestBurst, oneCall, type Bucket, type Limit } from "./gcra.ts";
import { limitIn, noRange, wholeLine, type Range } from "./share-line.ts";

type Change = { readonly atUs: number; readonly range: Range };

/** A bucket and up to which change of the share it has been brought; `share` is the limit's part that is in force here. */
export type SharedBucket = { bucket: Bucket; limit: Limit; share: Limit; shift: number; generation: number };

const mostKept = 16;

/**
 * What this node has held of all limits. A change of the share keeps the calls that a bucket has saved up, as far as it still
 * has room for them: a share that grows brings room, not calls. So the nodes together never hold more than one bucket would,
 * and a node that comes new to a share used elsewhere begins empty.
 */
export class ShareHistory {
  #changes: Change[];
  /** Generation of the last change. */
  #generation = 0;
  #usableUntilUs: number;

  /** Empty at `emptyAtUs`; -Infinity = full by now. */
  constructor(first: { range: Range; emptyAtUs: number; usableUntilUs: number }) {
    this.#changes = [{ range: first.range, atUs: first.emptyAtUs }];
    this.#usableUntilUs = first.usableUntilUs;
  }

  /** Of a node that shares with nobody. */
  static whole(): ShareHistory {
    return new ShareHistory({ range: wholeLine, emptyAtUs: Number.NEGATIVE_INFINITY, usableUntilUs: Number.POSITIVE_INFINITY });
  }

  get range(): Range {
    return this.#changes.at(-1)?.range ?? noRange;
  }

  isUsable(nowUs: number): boolean {
    return nowUs < this.#usableUntilUs;
  }

  keepUntil(us: number): void {
    this.#usableUntilUs = us;
  }

  change(range: Range, nowUs: number): void {
    const before = this.range;
    if (before.from === range.from && before.to === range.to) return;
    this.#changes.push({ range, atUs: nowUs });
    this.#generation += 1;
    // what is older counts as spent: a bucket that is not known begins empty at the first change kept
    if (this.#changes.length > mostKept) this.#changes.shift();
  }

  /** A share that ran out is given up at that instant; what comes after it begins empty. */
  expire(nowUs: number): void {
    if (!this.isUsable(nowUs)) this.change(noRange, Math.min(nowUs, this.#usableUntilUs));
  }

  /** Begins anew, empty at that instant. */
  restart(range: Range, emptyAtUs: number): void {
    this.#changes = [{ range, atUs: emptyAtUs }];
    // no bucket of before is followed on
    this.#generation += mostKept + 1;
  }

  /** For so long at least no bucket that is not kept has been empty. */
  restedUs(nowUs: number): number {
    return nowUs - (this.#changes.at(-1)?.atUs ?? nowUs);
  }

  fresh(limit: Limit, shift: number): SharedBucket {
    const kept = { bucket: { debt: 0, atUs: 0 }, limit, share: limit, shift, generation: 0 };
    this.#begin(kept);
    this.follow(kept, limit);
    return kept;
  }

  /** Brings a bucket to the present share, and to the limit that is in force now. */
  follow(kept: SharedBucket, limit: Limit): void {
    const isNewLimit = kept.limit !== limit && (kept.limit.burst !== limit.burst || kept.limit.rateMilli !== limit.rateMilli);
    if (kept.generation === this.#generation && !isNewLimit) return;
    const first = this.#generation - this.#changes.length + 1;
    if (kept.generation < first) this.#begin(kept);
    for (let next = kept.generation + 1; next <= this.#generation; next += 1) resize(kept, this.#changes[next - first]);
    kept.generation = this.#generation;
    kept.limit = limit;
    if (isNewLimit) kept.share = limitIn(this.range, limit, kept.shift);
  }

  #begin(kept: SharedBucket): void {
    const [first] = this.#changes;
    if (first === undefined) return;
    kept.share = limitIn(first.range, kept.limit, kept.shift);
    kept.bucket.debt = capacityOf(kept.share);
    kept.bucket.atUs = first.atUs;
    kept.generation = this.#generation - this.#changes.length + 1;
  }
}

/** How long it takes to save up what this bucket holds. */
export function restOf({ bucket, share }: SharedBucket, nowUs: number): number {
  const debt = debtAt(bucket, share, nowUs);
  if (debt === 0) return Number.POSITIVE_INFINITY;
  return share.rateMilli === 0 ? 0 : Math.max(0, Math.floor((capacityOf(share) - debt) / share.rateMilli));
}

function resize(kept: SharedBucket, change: Change | undefined): void {
  if (change === undefined) return;
  const { bucket } = kept;
  const saved = capacityOf(kept.share) - debtAt(bucket, kept.share, change.atUs);
  kept.share = limitIn(change.range, kept.limit, kept.shift);
  const room = capacityOf(kept.share);
  bucket.debt = room - Math.min(saved, room);
  bucket.atUs = Math.max(bucket.atUs, change.atUs);
}

function capacityOf(limit: Limit): number {
  return Math.min(limit.burst, largestBurst) * oneCall;
}
