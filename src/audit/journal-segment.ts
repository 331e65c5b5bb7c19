import { closeSync, fdatasyncSync, fstatSync, ftruncateSync, openSync, writeSync } from "node:fs";
import { segmentPath } from "./journal-files.ts";

/** One open file of a journal. Writes whole batches or nothing. */
export class JournalSegment {
  readonly number: number;
  readonly fd: number;
  #size = 0;
  #torn = false;

  /** Makes the file (0600). Throws what open(2) throws. */
  constructor(folder: string, number: number) {
    this.number = number;
    this.fd = openSync(segmentPath(folder, number), "ax", 0o600);
  }

  /** Bytes of whole batches. */
  get size(): number {
    return this.#size;
  }

  /**
   * Appends the batch; when it returns, write(2) has taken every byte. Throws when the disk refuses (ENOSPC, EIO); what
   * a short write left is cut off, now or before the next batch, so that counters stay contiguous.
   */
  append(batch: Buffer): void {
    this.#mend();
    this.#torn = true;
    try {
      for (let done = 0; done < batch.length;) done += writeSync(this.fd, batch, done);
    } catch (error) {
      this.#mendQuietly();
      throw error;
    }
    this.#torn = false;
    this.#size += batch.length;
  }

  /** Throws when somebody removed the file: writes would succeed and be lost. */
  checkLinked(): void {
    if (fstatSync(this.fd).nlink === 0) throw new Error("the journal's file was removed while it was written");
  }

  /** On disk before it returns. */
  syncNow(): void {
    this.#mend();
    fdatasyncSync(this.fd);
  }

  close(): void {
    closeSync(this.fd);
  }

  #mend(): void {
    if (!this.#torn) return;
    ftruncateSync(this.fd, this.#size);
    this.#torn = false;
  }

  #mendQuietly(): void {
    try {
      this.#mend();
    } catch {
      // still marked torn: the next append tries again before it writes
    }
  }
}
