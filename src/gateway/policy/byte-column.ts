const pageBits = 14;
const perPage = 1 << pageBits;
const inPage = perPage - 1;
const noPage = Buffer.alloc(0);

/** Values of a fixed number of bytes, outside the garbage collector's heap, in pages, so that growing copies nothing. */
export class ByteColumn {
  readonly #width: number;
  readonly #pages: Buffer[] = [];

  constructor(width: number) {
    this.#width = width;
  }

  /** Writes bytes of exactly the column's width. */
  write(ordinal: number, bytes: Uint8Array): void {
    this.copy(ordinal, bytes, 0);
  }

  /** Writes the bytes of the column's width that begin there. */
  copy(ordinal: number, bytes: Uint8Array, from: number): void {
    const number = ordinal >>> pageBits;
    for (let last = this.#pages.length; last <= number; last += 1) this.#pages.push(Buffer.alloc(perPage * this.#width));
    const page = this.#page(ordinal);
    const begin = this.#begin(ordinal);
    for (let i = 0; i < this.#width; i += 1) page[begin + i] = bytes[from + i] ?? 0;
  }

  /** Whether the first bytes are this latin1 text. */
  startsWith(ordinal: number, text: string): boolean {
    const page = this.#page(ordinal);
    const begin = this.#begin(ordinal);
    for (let i = 0; i < text.length; i += 1) if (page[begin + i] !== text.charCodeAt(i)) return false;
    return true;
  }

  byte(ordinal: number, at: number): number {
    return this.#page(ordinal)[this.#begin(ordinal) + at] ?? 0;
  }

  /** `length` bytes as latin1 text. */
  read(ordinal: number, length: number): string {
    const begin = this.#begin(ordinal);
    return this.#page(ordinal).toString("latin1", begin, begin + length);
  }

  #page(ordinal: number): Buffer {
    return this.#pages[ordinal >>> pageBits] ?? noPage;
  }

  #begin(ordinal: number): number {
    return (ordinal & inPage) * this.#width;
  }
}
