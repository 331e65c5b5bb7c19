const none = Buffer.alloc(0);
const leastBytes = 1024;

/**
 * Bytes that come in parts, in one piece of memory of about their size: a list of the parts of a body that comes byte by
 * byte would hold a hundred times as much.
 */
export class ByteCollector {
  #memory: Buffer = none;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** The first part is kept as it is, and copied only when another follows. */
  add(part: Buffer): void {
    const length = this.#length + part.length;
    if (this.#length === 0) this.#memory = part;
    else {
      if (length > this.#memory.length) this.#grow(length);
      part.copy(this.#memory, this.#length);
    }
    this.#length = length;
  }

  /** All of them; nothing is left. */
  take(): Buffer {
    const bytes = this.#memory.subarray(0, this.#length);
    this.clear();
    return bytes;
  }

  clear(): void {
    this.#memory = none;
    this.#length = 0;
  }

  #grow(length: number): void {
    const memory = Buffer.allocUnsafeSlow(Math.max(length, this.#length * 2, leastBytes));
    this.#memory.copy(memory, 0, 0, this.#length);
    this.#memory = memory;
  }
}
