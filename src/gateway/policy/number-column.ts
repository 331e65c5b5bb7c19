const pageBits = 14;
const perPage = 1 << pageBits;
const inPage = perPage - 1;

type Numbers = Int32Array | Float64Array | Uint8Array;

/** Numbers of one kind in pages, so that growing copies nothing. */
export class NumberColumn<T extends Numbers> {
  readonly #make: (length: number) => T;
  readonly #pages: T[] = [];

  constructor(make: (length: number) => T) {
    this.#make = make;
  }

  get(ordinal: number): number {
    return this.#pages[ordinal >>> pageBits]?.[ordinal & inPage] ?? 0;
  }

  set(ordinal: number, value: number): void {
    const number = ordinal >>> pageBits;
    for (let last = this.#pages.length; last <= number; last += 1) this.#pages.push(this.#make(perPage));
    const page = this.#pages[number];
    if (page !== undefined) page[ordinal & inPage] = value;
  }
}

/** An instant in milliseconds from a page's text; none is infinitely far away. */
export function instantOf(text: string | undefined): number {
  return text === undefined || text === "" ? Number.POSITIVE_INFINITY : Number(text);
}
