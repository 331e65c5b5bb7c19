import { FirstLine } from "./first-line.ts";
import { Llhttp, mostChunkBytes, type ParserEvents, wireCode } from "./llhttp.ts";
import { MessageHead } from "./message-head.ts";
import { methodName } from "./method-names.ts";

export type RequestHead = { method: string; target: string; version: string; headers: string[]; hasBody: boolean; keepAlive: boolean };

/** `head`: a request's head is there, its body follows. `end`: the request is there whole. `rest` was not read. */
export type RequestResult = { kind: "more" } | { kind: "head" | "end"; rest: Buffer } | { kind: "broken"; status: 400 | 431 };

export const mostHeadBytes = 16_384;
/** A chunk of one byte comes with five of framing. */
const framingPerByte = 8;
const more: RequestResult = { kind: "more" };
const none = Buffer.alloc(0);
const authorization = "authorization";
const requestLine = /^[A-Z-]{1,20} [\x21-\x7e]+ HTTP\/1\.[01]\r\n$/;

let shared: Llhttp | undefined;

/**
 * Reads the requests of one connection, strictly (llhttp without lenient flags; on top of it no control characters and
 * nothing beyond ASCII in values, 16 KiB of head, no change of protocol). Bytes of an Authorization value are overwritten
 * where they came in, in the chunk and in the parser's memory.
 */
export class RequestReader implements ParserEvents {
  readonly #llhttp = (shared ??= new Llhttp("request"));
  readonly #parser = this.#llhttp.alloc();
  readonly #onBody: (part: Buffer) => void;
  readonly #line = new FirstLine(requestLine, true);
  #chunk: Buffer = none;
  #head = new MessageHead();
  #paused = false;
  #isAuthorization = false;
  #state: "head" | "body" | "end" = "head";
  #upgrade = false;
  #keepAlive = false;
  #freed = false;
  /** Bytes of the head so far, all of them, and of its body: with its framing, and without. */
  #bytes = { head: 0, framed: 0, body: 0 };

  constructor(onBody: (part: Buffer) => void) {
    this.#onBody = onBody;
  }

  /** Reads on. After `head` or `end` the caller decides when, with what was the rest. */
  read(chunk: Buffer): RequestResult {
    // its memory may be another connection's by now
    if (this.#freed) return { kind: "broken", status: 400 };
    if (this.#state === "end") this.#startAgain();
    if (this.#state === "head" && !this.#line.accepts(chunk)) return { kind: "broken", status: this.#line.isLong ? 431 : 400 };
    for (let at = 0; at < chunk.length; at += mostChunkBytes) {
      const part = chunk.length <= mostChunkBytes ? chunk : chunk.subarray(at, at + mostChunkBytes);
      const result = this.#readPart(part);
      if (result.kind === "more") continue;
      return "rest" in result ? { kind: result.kind, rest: chunk.subarray(at + part.length - result.rest.length) } : result;
    }
    return more;
  }

  /** The head of the request under way; once. */
  takeHead(): RequestHead {
    const { target, headers } = this.#head;
    return {
      method: methodName(this.#llhttp.method(this.#parser)),
      target,
      version: this.#llhttp.version(this.#parser),
      headers,
      hasBody: this.#state === "body",
      keepAlive: this.#keepAlive,
    };
  }

  free(): void {
    if (this.#freed) return;
    this.#freed = true;
    this.#llhttp.free(this.#parser);
  }

  #startAgain(): void {
    this.#head = new MessageHead();
    this.#state = "head";
    this.#bytes = { head: 0, framed: 0, body: 0 };
    this.#line.reset();
  }

  #readPart(part: Buffer): RequestResult {
    if (this.#paused) {
      this.#llhttp.resume(this.#parser);
      this.#paused = false;
    }
    this.#chunk = part;
    const counter = this.#state === "head" ? "head" : "framed";
    const code = this.#llhttp.execute(this.#parser, part, this);
    this.#chunk = none;
    const read = code === wireCode.ok ? part.length : this.#llhttp.position(this.#parser);
    this.#bytes[counter] += read;
    // what was not read now may hold the next token, and is read from the chunk again
    if (read < part.length) this.#llhttp.wipe(read, part.length - read);
    const status = this.#faultOf(code);
    if (status !== undefined) return { kind: "broken", status };
    if (code === wireCode.ok) return more;
    this.#paused = true;
    return { kind: this.#state === "end" ? "end" : "head", rest: part.subarray(read) };
  }

  /** The status of the answer to bytes that are no request. */
  #faultOf(code: number): 400 | 431 | undefined {
    if (this.#head.bytes > mostHeadBytes || this.#bytes.head > mostHeadBytes) return 431;
    if (this.#isMostlyFraming()) return 400;
    if (code === wireCode.ok) return undefined;
    return code !== wireCode.pause || this.#upgrade || !this.#head.isPlain ? 400 : undefined;
  }

  /** Extensions of chunks are ignored, and could go on for ever without a byte of a body. */
  #isMostlyFraming(): boolean {
    const { framed, body } = this.#bytes;
    return framed - body > mostHeadBytes + body * framingPerByte;
  }

  onUrl(at: number, length: number): void {
    this.#head.addTarget(this.#chunk.toString("latin1", at, at + length));
  }

  onHeaderField(at: number, length: number): void {
    this.#head.addName(this.#chunk.toString("latin1", at, at + length));
    this.#isAuthorization = this.#head.lastNameIs(authorization);
  }

  onHeaderValue(at: number, length: number): void {
    this.#head.addValue(this.#chunk.toString("latin1", at, at + length));
    if (!this.#isAuthorization) return;
    this.#chunk.fill(0, at, at + length);
    this.#llhttp.wipe(at, length);
  }

  onHeadersComplete(_status: number, upgrade: boolean, keepAlive: boolean): number {
    this.#upgrade = upgrade;
    this.#keepAlive = keepAlive;
    this.#head.trimValues();
    if (!this.#head.announcesBody()) return wireCode.ok;
    this.#state = "body";
    return wireCode.pause;
  }

  onBody(at: number, length: number): void {
    this.#bytes.body += length;
    this.#onBody(this.#chunk.subarray(at, at + length));
  }

  onMessageComplete(): number {
    this.#state = "end";
    return wireCode.pause;
  }
}
