/** What is kept of a document: 64 bits of its keyed digest. */
export type Fingerprint = { high: number; low: number };

const maxLoad = 0.6;
/** 40 million slots of 12 bytes; beyond that a table in the platform's store is the right place. */
const maxEntries = 24_000_000;

/**
 * Fingerprint -> client ids, open addressing in typed arrays: 12 bytes a slot, 20 to 40 bytes a client. No document is
 * in it. Several clients may share a fingerprint; the caller compares the real document of each candidate.
 */
export class DocumentTable {
  #mask: number;
  #high: Uint32Array;
  #low: Uint32Array;
  /** 0 = free slot; ids of GSAN begin at 1. */
  #ids: Int32Array;
  #size = 0;

  constructor(expectedEntries: number) {
    const slots = slotsFor(expectedEntries);
    this.#mask = slots - 1;
    this.#high = new Uint32Array(slots);
    this.#low = new Uint32Array(slots);
    this.#ids = new Int32Array(slots);
  }

  get size(): number {
    return this.#size;
  }

  /** Throws RangeError when the table is full. The same pair twice is kept once. */
  add(print: Fingerprint, id: number): void {
    if (this.#size >= maxEntries) throw new RangeError("too many documents for the index in memory");
    if (this.#size >= this.#ids.length * maxLoad) this.#grow();
    this.#put(print, id);
  }

  find(print: Fingerprint): number[] {
    const found: number[] = [];
    for (let at = print.low & this.#mask; ; at = (at + 1) & this.#mask) {
      const id = this.#ids[at] ?? 0;
      if (id === 0) return found;
      if (this.#high[at] === print.high && this.#low[at] === print.low) found.push(id);
    }
  }

  #put(print: Fingerprint, id: number): void {
    let at = print.low & this.#mask;
    while (this.#ids[at] !== 0) {
      if (this.#ids[at] === id && this.#high[at] === print.high && this.#low[at] === print.low) return;
      at = (at + 1) & this.#mask;
    }
    this.#high[at] = print.high;
    this.#low[at] = print.low;
    this.#ids[at] = id;
    this.#size += 1;
  }

  #grow(): void {
    const wider = new DocumentTable(this.#size * 2);
    for (const [at, id] of this.#ids.entries()) {
      if (id !== 0) wider.#put({ high: this.#high[at] ?? 0, low: this.#low[at] ?? 0 }, id);
    }
    this.#mask = wider.#mask;
    this.#high = wider.#high;
    this.#low = wider.#low;
    this.#ids = wider.#ids;
  }
}

function slotsFor(entries: number): number {
  const wanted = Math.min(entries, maxEntries) / maxLoad;
  return 2 ** Math.max(10, Math.ceil(Math.log2(wanted + 1)));
}
