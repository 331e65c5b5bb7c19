import { ByteColumn } from "./byte-column.ts";

/** The first byte is the id's length; `kept` for one that is kept beside. */
const width = 32;
const longest = width - 1;
const kept = 255;
/** The last characters of an id of ours are random, the first ones are not. */
const hashed = 16;

/** Ids of the platform: ASCII of at most 31 characters; any other text is kept beside. */
export class IdColumn {
  readonly #short = new ByteColumn(width);
  readonly #beside = new Map<number, string>();
  readonly #row = Buffer.alloc(width);

  write(ordinal: number, id: string): void {
    const isShort = id.length <= longest && this.#take(id);
    this.#row[0] = isShort ? id.length : kept;
    if (!isShort) this.#beside.set(ordinal, id);
    this.#short.write(ordinal, this.#row);
  }

  /** Writes the id behind the length; false when it is not ASCII. */
  #take(id: string): boolean {
    for (let i = 0; i < id.length; i += 1) {
      const code = id.charCodeAt(i);
      if (code > 0x7f) return false;
      this.#row[i + 1] = code;
    }
    return true;
  }

  equals(ordinal: number, id: string): boolean {
    const length = this.#short.byte(ordinal, 0);
    if (length === kept) return this.#beside.get(ordinal) === id;
    if (length !== id.length) return false;
    for (let i = 0; i < length; i += 1) if (this.#short.byte(ordinal, i + 1) !== id.charCodeAt(i)) return false;
    return true;
  }

  read(ordinal: number): string {
    const length = this.#short.byte(ordinal, 0);
    return length === kept ? (this.#beside.get(ordinal) ?? "") : this.#short.read(ordinal, length + 1).slice(1);
  }

  /** The same as hashId of the id that stands there. */
  hash(ordinal: number, seed: number): number {
    const length = this.#short.byte(ordinal, 0);
    if (length === kept) return hashId(this.#beside.get(ordinal) ?? "", seed);
    let hash = seed;
    for (let i = Math.max(0, length - hashed); i < length; i += 1) hash = mixed(hash, this.#short.byte(ordinal, i + 1));
    return finished(hash);
  }
}

/** 32-bit hash of an id, begun at `seed`. Ids are ours, nobody chooses them. */
export function hashId(id: string, seed: number): number {
  let hash = seed;
  for (let i = Math.max(0, id.length - hashed); i < id.length; i += 1) hash = mixed(hash, id.charCodeAt(i));
  return finished(hash);
}

function mixed(hash: number, code: number): number {
  return Math.imul(hash ^ code, 0x01000193);
}

/** The low bits pick the slot. */
function finished(hash: number): number {
  return (hash ^ (hash >>> 15)) >>> 0;
}
