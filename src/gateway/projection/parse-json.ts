/** Deeper nesting is no answer and no request that is read here; it also bounds the stack. */
const maxDepth = 128;

/** A JSON value whose numbers are `N`. */
export type Parsed<N> = null | boolean | string | N | Parsed<N>[] | { [key: string]: Parsed<N> };

type MakeNumber<N> = (literal: string) => N;

/** JSON text (RFC 8259, as JSON.parse reads it) with a value of our own for each number literal. Throws SyntaxError. */
export function parseJson<N>(text: string, makeNumber: MakeNumber<N>): Parsed<N> {
  return new Reader(text, makeNumber).document();
}

/**
 * JSON.parse with a reviver keeps literals too, at five times the time: it visits every value twice. This one reads once,
 * and takes the keys of an object from the one before it at the same depth, where they are the same (lists of rows).
 */
class Reader<N> {
  readonly #text: string;
  readonly #makeNumber: MakeNumber<N>;
  #at = 0;
  /** By depth: the keys of the last object there, without those that have escapes. */
  readonly #keys: string[][] = [];

  constructor(text: string, makeNumber: MakeNumber<N>) {
    this.#text = text;
    this.#makeNumber = makeNumber;
  }

  document(): Parsed<N> {
    const value = this.#value(0);
    if (!Number.isNaN(this.#next())) throw this.#fault();
    return value;
  }

  /** The code of the next character that is no white space, not yet taken; NaN at the end. */
  #next(): number {
    for (;;) {
      const c = this.#text.charCodeAt(this.#at);
      if (c !== 0x20 && c !== 0x0a && c !== 0x0d && c !== 0x09) return c;
      this.#at += 1;
    }
  }

  #value(depth: number): Parsed<N> {
    const c = this.#next();
    if (c === 0x22) return this.#string();
    if (c === 0x7b) return this.#object(depth);
    if (c === 0x5b) return this.#array(depth);
    if (c === 0x74) return this.#word("true", true);
    if (c === 0x66) return this.#word("false", false);
    if (c === 0x6e) return this.#word("null", null);
    return this.#number();
  }

  #word<T>(word: string, value: T): T {
    if (!this.#text.startsWith(word, this.#at)) throw this.#fault();
    this.#at += word.length;
    return value;
  }

  /** The cursor stands on the opening quote. */
  #string(): string {
    const text = this.#text;
    const start = this.#at + 1;
    let at = start;
    for (;;) {
      const c = text.charCodeAt(at);
      if (c === 0x22) break;
      if (c === 0x5c) return this.#escaped(at);
      // control characters, and the end (NaN)
      if (!(c >= 0x20)) throw this.#fault();
      at += 1;
    }
    this.#at = at + 1;
    return text.slice(start, at);
  }

  #escaped(from: number): string {
    let end = from;
    while (this.#text.charCodeAt(end) !== 0x22) {
      if (end >= this.#text.length) throw this.#fault();
      end += this.#text.charCodeAt(end) === 0x5c ? 2 : 1;
    }
    const value: unknown = JSON.parse(this.#text.slice(this.#at, end + 1));
    this.#at = end + 1;
    return String(value);
  }

  #number(): N {
    const start = this.#at;
    if (this.#text.charCodeAt(this.#at) === 0x2d) this.#at += 1;
    if (this.#text.charCodeAt(this.#at) === 0x30) this.#at += 1;
    else this.#digits();
    if (this.#text.charCodeAt(this.#at) === 0x2e) {
      this.#at += 1;
      this.#digits();
    }
    if ((this.#text.charCodeAt(this.#at) | 0x20) === 0x65) {
      this.#at += 1;
      const sign = this.#text.charCodeAt(this.#at);
      if (sign === 0x2b || sign === 0x2d) this.#at += 1;
      this.#digits();
    }
    return this.#makeNumber(this.#text.slice(start, this.#at));
  }

  /** One digit or more. */
  #digits(): void {
    const start = this.#at;
    for (;;) {
      const c = this.#text.charCodeAt(this.#at);
      if (!(c >= 0x30 && c <= 0x39)) break;
      this.#at += 1;
    }
    if (this.#at === start) throw this.#fault();
  }

  #array(depth: number): Parsed<N>[] {
    this.#enter(depth);
    const items: Parsed<N>[] = [];
    if (this.#next() === 0x5d) {
      this.#at += 1;
      return items;
    }
    do items.push(this.#value(depth + 1));
    while (this.#goesOn(0x5d));
    return items;
  }

  #object(depth: number): { [key: string]: Parsed<N> } {
    this.#enter(depth);
    const members: { [key: string]: Parsed<N> } = {};
    if (this.#next() === 0x7d) {
      this.#at += 1;
      return members;
    }
    const keys = (this.#keys[depth] ??= []);
    let index = 0;
    do {
      const key = this.#key(keys, index);
      index += 1;
      if (this.#next() !== 0x3a) throw this.#fault();
      this.#at += 1;
      const value = this.#value(depth + 1);
      if (key === "__proto__") Object.defineProperty(members, key, { value, enumerable: true, configurable: true, writable: true });
      else members[key] = value;
    } while (this.#goesOn(0x7d));
    return members;
  }

  #key(keys: string[], index: number): string {
    if (this.#next() !== 0x22) throw this.#fault();
    const start = this.#at + 1;
    const likely = keys[index];
    if (likely !== undefined && this.#text.startsWith(likely, start) && this.#text.charCodeAt(start + likely.length) === 0x22) {
      this.#at = start + likely.length + 1;
      return likely;
    }
    const key = this.#string();
    // a key that was written with escapes reads otherwise than it is spelled
    if (this.#at - start - 1 === key.length && index <= keys.length) keys[index] = key;
    return key;
  }

  /** Takes the comma (true) or the closing bracket (false). */
  #goesOn(close: number): boolean {
    const c = this.#next();
    this.#at += 1;
    if (c === 0x2c) return true;
    if (c === close) return false;
    throw this.#fault();
  }

  #enter(depth: number): void {
    if (depth >= maxDepth) throw new SyntaxError("JSON nests too deep");
    this.#at += 1;
  }

  /** Says nothing of the text: it may hold data of a person. */
  #fault(): SyntaxError {
    return new SyntaxError(`no JSON at position ${this.#at}`);
  }
}
