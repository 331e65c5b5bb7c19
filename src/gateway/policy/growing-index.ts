const firstCapacity = 1 << 10;
const movesPerAdd = 8;
/** A slot holds one more than its ordinal, so that fresh memory, which is zero, is empty and costs nothing before it is used. */
const empty = 0;

/**
 * Hash index from bytes to ordinals of records that lie elsewhere: open addressing, four bytes a slot, at most half full.
 * It grows by moving a few slots with each addition, so no addition takes long, however many there are. An entry is never
 * taken out: who looks compares with the record itself, so one whose record has changed is passed over.
 */
export class GrowingIndex {
  readonly #hashOf: (ordinal: number) => number;
  #slots: Int32Array;
  #used = 0;
  #old: Int32Array | undefined;
  #moved = 0;

  /** `hashOf` gives the 32-bit hash of a record as it is now. */
  constructor(hashOf: (ordinal: number) => number) {
    this.#hashOf = hashOf;
    this.#slots = new Int32Array(firstCapacity);
  }

  /** Makes room for so many entries, which spares growth, while the index is empty. */
  reserve(expected: number): void {
    const capacity = 2 ** Math.ceil(Math.log2(Math.max(1, expected) * 2));
    if (this.#used === 0 && capacity > this.#slots.length) this.#slots = new Int32Array(capacity);
  }

  /** The ordinal under this hash for which `matches` holds; -1 for none. */
  find(hash: number, matches: (ordinal: number) => boolean): number {
    const found = probe(this.#slots, hash, matches);
    return found < 0 && this.#old !== undefined ? probe(this.#old, hash, matches) : found;
  }

  add(hash: number, ordinal: number): void {
    if (this.#used * 2 >= this.#slots.length) this.#grow();
    this.#place(hash, ordinal);
    if (this.#old !== undefined) this.#move(movesPerAdd);
  }

  #grow(): void {
    // what is left of the last growth; there is little, because the table has doubled since
    if (this.#old !== undefined) this.#move(this.#old.length);
    this.#old = this.#slots;
    this.#moved = 0;
    this.#slots = new Int32Array(this.#old.length * 2);
    this.#used = 0;
  }

  #move(count: number): void {
    const old = this.#old;
    if (old === undefined) return;
    const end = Math.min(old.length, this.#moved + count);
    for (let at = this.#moved; at < end; at += 1) {
      const slot = old[at] ?? empty;
      if (slot !== empty) this.#place(this.#hashOf(slot - 1), slot - 1);
    }
    this.#moved = end;
    if (end === old.length) this.#old = undefined;
  }

  #place(hash: number, ordinal: number): void {
    const mask = this.#slots.length - 1;
    let at = hash & mask;
    while (this.#slots[at] !== empty) at = (at + 1) & mask;
    this.#slots[at] = ordinal + 1;
    this.#used += 1;
  }
}

function probe(slots: Int32Array, hash: number, matches: (ordinal: number) => boolean): number {
  const mask = slots.length - 1;
  for (let at = hash & mask; ; at = (at + 1) & mask) {
    const ordinal = (slots[at] ?? empty) - 1;
    if (ordinal < 0 || matches(ordinal)) return ordinal;
  }
}
