import type { BodyRead } from "../http/read-body.ts";
import { ByteCollector } from "./byte-collector.ts";

/** Collects a body up to a limit, from the parser's hand. Nothing is kept before somebody asks for it. */
export class BodyReader {
  readonly #bytes = new ByteCollector();
  #limit = 0;
  #settle: ((read: BodyRead) => void) | undefined;

  /** True while somebody waits for the body. */
  get isWaitedFor(): boolean {
    return this.#settle !== undefined;
  }

  /** Resolves when the body is there, has passed the limit, or will not come. */
  collect(limitBytes: number): Promise<BodyRead> {
    this.#limit = limitBytes;
    return new Promise((resolve) => {
      this.#settle = resolve;
    });
  }

  /** Parts after the body was refused are dropped. */
  add(part: Buffer): void {
    if (this.#settle === undefined) return;
    if (this.#bytes.length + part.length > this.#limit) this.#end("too-large");
    else this.#bytes.add(part);
  }

  /** The last part was added. */
  complete(): void {
    this.#end(this.#bytes.take());
  }

  /** The rest will not come. */
  abort(): void {
    this.#end("aborted");
  }

  #end(read: BodyRead): void {
    this.#settle?.(read);
    this.#settle = undefined;
    this.#bytes.clear();
  }
}
