import { ByteCollector } from "./byte-collector.ts";
import { FirstLine } from "./first-line.ts";
import { Llhttp, mostChunkBytes, type ParserEvents, wireCode } from "./llhttp.ts";
import { MessageHead } from "./message-head.ts";

/** A whole answer of an upstream. */
export type WireAnswer = { status: number; contentType: string | undefined; body: Buffer };

export type ReadResult =
  | { kind: "more" }
  | { kind: "broken" }
  | { kind: "too-large" }
  | { kind: "answer"; answer: WireAnswer; keepAlive: boolean };

const mostHeadBytes = 16_384;
/** An upstream that sends more than these before its answer does not answer. */
const mostInformational = 8;
/** The reason may be missing, as some servers have it. */
const statusLine = /^HTTP\/1\.[01] [1-5][0-9]{2}( [\t\x20-\x7e]*)?\r\n$/;
const more: ReadResult = { kind: "more" };
const broken: ReadResult = { kind: "broken" };

let shared: Llhttp | undefined;

/** Reads the answers of one connection, strictly: what a strict parser would read otherwise breaks it. */
export class AnswerReader implements ParserEvents {
  readonly #llhttp = (shared ??= new Llhttp("response"));
  readonly #parser = this.#llhttp.alloc();
  readonly #maxBytes: number;
  readonly #line = new FirstLine(statusLine, false);
  #chunk: Buffer = Buffer.alloc(0);
  #head = new MessageHead();
  #status = 0;
  #keepAlive = false;
  #informational = 0;
  readonly #body = new ByteCollector();
  #bytes = 0;
  #isHead = false;
  #complete = false;
  #freed = false;
  #begun = false;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Before each request: whether its answer has no body whatever its headers say (HEAD). */
  expect(isHead: boolean): void {
    this.#head = new MessageHead();
    this.#body.clear();
    this.#bytes = 0;
    this.#informational = 0;
    this.#complete = false;
    this.#begun = false;
    this.#line.reset();
    this.#isHead = isHead;
  }

  /** True once a byte of the answer came. */
  get begun(): boolean {
    return this.#begun;
  }

  read(chunk: Buffer): ReadResult {
    // its memory may be another connection's by now
    if (this.#freed) return broken;
    this.#begun = true;
    for (let at = 0; at < chunk.length; at += mostChunkBytes) {
      const result = this.#readPart(chunk.length <= mostChunkBytes ? chunk : chunk.subarray(at, at + mostChunkBytes));
      const isLast = at + mostChunkBytes >= chunk.length;
      // bytes after an answer that nobody asked for: the connection is out of step
      if (result.kind === "answer" && !isLast) return broken;
      if (result.kind !== "more") return result;
    }
    return more;
  }

  /** The connection's end is an answer's end where nothing else says so (RFC 9112 6.3). */
  end(): ReadResult {
    if (this.#freed || this.#status < 200) return broken;
    const code = this.#llhttp.finish(this.#parser, this);
    return this.#complete && (code === wireCode.ok || code === wireCode.pause) ? this.#answer(false) : broken;
  }

  free(): void {
    if (this.#freed) return;
    this.#freed = true;
    this.#llhttp.free(this.#parser);
  }

  #readPart(part: Buffer): ReadResult {
    if (this.#complete) return broken;
    if (!this.#line.accepts(part)) return broken;
    this.#chunk = part;
    let code = this.#llhttp.execute(this.#parser, part, this);
    let from = 0;
    // an answer before the answer (1xx): go on behind it
    while (code === wireCode.pause && this.#isInformational()) {
      from += this.#llhttp.position(this.#parser);
      this.#llhttp.resume(this.#parser);
      this.#next();
      this.#chunk = part.subarray(from);
      if (this.#chunk.length === 0) return more;
      if (!this.#line.accepts(this.#chunk)) return broken;
      code = this.#llhttp.execute(this.#parser, this.#chunk, this);
    }
    return this.#judge(code);
  }

  #judge(code: number): ReadResult {
    if (this.#bytes > this.#maxBytes) return { kind: "too-large" };
    if (!this.#head.isPlain || this.#head.bytes > mostHeadBytes || this.#informational > mostInformational) return broken;
    if (code === wireCode.ok) return more;
    if (code !== wireCode.pause || !this.#complete) return broken;
    const read = this.#llhttp.position(this.#parser);
    if (read < this.#chunk.length) return broken;
    this.#llhttp.resume(this.#parser);
    return this.#answer(this.#keepAlive);
  }

  #isInformational(): boolean {
    return this.#complete && this.#status < 200 && this.#head.isPlain && this.#informational <= mostInformational;
  }

  #next(): void {
    this.#informational += 1;
    this.#complete = false;
    this.#head = new MessageHead();
    this.#line.reset();
  }

  #answer(keepAlive: boolean): ReadResult {
    const answer = { status: this.#status, contentType: contentTypeOf(this.#head.headers), body: this.#body.take() };
    return { kind: "answer", answer, keepAlive };
  }

  onUrl(): void {
    // requests alone have one
  }

  onHeaderField(at: number, length: number): void {
    this.#head.addName(this.#chunk.toString("latin1", at, at + length));
  }

  onHeaderValue(at: number, length: number): void {
    this.#head.addValue(this.#chunk.toString("latin1", at, at + length));
  }

  onHeadersComplete(status: number, upgrade: boolean, keepAlive: boolean): number {
    this.#status = status;
    this.#keepAlive = keepAlive;
    this.#head.trimValues();
    // no change of protocol was asked for: any code that is none of llhttp's breaks it off
    if (upgrade || status === 101 || !this.#head.isFramedOnce()) return -1;
    return this.#isHead ? wireCode.skipBody : wireCode.ok;
  }

  onBody(at: number, length: number): void {
    this.#bytes += length;
    if (this.#bytes <= this.#maxBytes) this.#body.add(this.#chunk.subarray(at, at + length));
  }

  onMessageComplete(): number {
    this.#complete = true;
    return wireCode.pause;
  }
}

function contentTypeOf(headers: readonly string[]): string | undefined {
  for (let i = 0; i < headers.length; i += 2)
    if (headers[i]?.length === 12 && headers[i]?.toLowerCase() === "content-type") return headers[i + 1];
  return undefined;
}
