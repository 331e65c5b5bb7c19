import { createRequire } from "node:module";

/** What the parser tells while it reads. `at` and `length` are a span of the chunk under way. A result of 0 goes on, `pause` stops after this. */
export type ParserEvents = {
  onUrl(at: number, length: number): void;
  onHeaderField(at: number, length: number): void;
  onHeaderValue(at: number, length: number): void;
  onHeadersComplete(status: number, upgrade: boolean, keepAlive: boolean): number;
  onBody(at: number, length: number): void;
  onMessageComplete(): number;
};

/** Results of `execute` and of the events (llhttp's own numbers). */
export const wireCode = { ok: 0, skipBody: 1, pause: 21, upgrade: 22 } as const;

type Exports = {
  memory: { readonly buffer: ArrayBuffer };
  llhttp_alloc(type: number): number;
  llhttp_free(parser: number): void;
  llhttp_execute(parser: number, data: number, length: number): number;
  llhttp_finish(parser: number): number;
  llhttp_resume(parser: number): void;
  llhttp_get_error_pos(parser: number): number;
  llhttp_get_method(parser: number): number;
  llhttp_get_http_major(parser: number): number;
  llhttp_get_http_minor(parser: number): number;
  malloc(bytes: number): number;
  _initialize(): void;
};

/** What is used of the runtime's WebAssembly; the types of Node do not name it. */
type Wasm = { Module: new (bytes: Uint8Array) => object; Instance: new (module: object, imports: object) => { exports: unknown } };
const wasm = (globalThis as unknown as { WebAssembly: Wasm }).WebAssembly;

const chunkBytes = 65_536;
const require = createRequire(import.meta.url);
const parserTypes = { request: 1, response: 2 } as const;

/**
 * One instance of llhttp, the parser of Node and of undici, in the WebAssembly build that undici ships; strict, no
 * lenient flag. It parses many connections, one chunk at a time.
 */
export class Llhttp {
  readonly #exports: Exports;
  readonly #type: number;
  readonly #buffer: number;
  #memory: Uint8Array;
  #events: ParserEvents | undefined;

  constructor(type: keyof typeof parserTypes) {
    this.#type = parserTypes[type];
    const instance = new wasm.Instance(compiled(), { env: this.#imports() });
    this.#exports = instance.exports as Exports;
    this.#exports._initialize();
    this.#buffer = this.#exports.malloc(chunkBytes);
    this.#memory = new Uint8Array(this.#exports.memory.buffer);
  }

  /** A parser's state; to be given back to `free`. */
  alloc(): number {
    return this.#exports.llhttp_alloc(this.#type);
  }

  free(parser: number): void {
    this.#exports.llhttp_free(parser);
  }

  /** Reads a chunk of at most 64 KiB. A result that is not `ok` stands for a pause or, for any other, for bytes that are no message. */
  execute(parser: number, chunk: Uint8Array, events: ParserEvents): number {
    // memory that grew has another buffer
    if (this.#memory.buffer !== this.#exports.memory.buffer) this.#memory = new Uint8Array(this.#exports.memory.buffer);
    this.#memory.set(chunk, this.#buffer);
    this.#events = events;
    try {
      return this.#exports.llhttp_execute(parser, this.#buffer, chunk.length);
    } finally {
      this.#events = undefined;
    }
  }

  /** The connection ended: whether the message under way ends with it. */
  finish(parser: number, events: ParserEvents): number {
    this.#events = events;
    try {
      return this.#exports.llhttp_finish(parser);
    } finally {
      this.#events = undefined;
    }
  }

  /** Bytes of the last chunk that were read when it paused or broke. */
  position(parser: number): number {
    return this.#exports.llhttp_get_error_pos(parser) - this.#buffer;
  }

  resume(parser: number): void {
    this.#exports.llhttp_resume(parser);
  }

  /** Number of the request's method, as in llhttp. */
  method(parser: number): number {
    return this.#exports.llhttp_get_method(parser);
  }

  version(parser: number): string {
    return `${this.#exports.llhttp_get_http_major(parser)}.${this.#exports.llhttp_get_http_minor(parser)}`;
  }

  /** Overwrites a span of the last chunk in the parser's own memory. */
  wipe(at: number, length: number): void {
    this.#memory.fill(0, this.#buffer + at, this.#buffer + at + length);
  }

  /** One set of functions for all connections: those of the chunk under way are called. */
  #imports(): Record<string, (...numbers: number[]) => number> {
    const at = (address: number): number => address - this.#buffer;
    return {
      wasm_on_message_begin: () => wireCode.ok,
      wasm_on_status: () => wireCode.ok,
      wasm_on_url: (_parser, address = 0, length = 0) => this.#tell("onUrl", at(address), length),
      wasm_on_header_field: (_parser, address = 0, length = 0) => this.#tell("onHeaderField", at(address), length),
      wasm_on_header_value: (_parser, address = 0, length = 0) => this.#tell("onHeaderValue", at(address), length),
      wasm_on_body: (_parser, address = 0, length = 0) => this.#tell("onBody", at(address), length),
      wasm_on_headers_complete: (_parser, status = 0, upgrade = 0, keepAlive = 0) =>
        this.#events?.onHeadersComplete(status, upgrade === 1, keepAlive === 1) ?? wireCode.pause,
      wasm_on_message_complete: () => this.#events?.onMessageComplete() ?? wireCode.pause,
    };
  }

  #tell(event: "onUrl" | "onHeaderField" | "onHeaderValue" | "onBody", at: number, length: number): number {
    this.#events?.[event](at, length);
    return wireCode.ok;
  }
}

let module: object | undefined;

function compiled(): object {
  module ??= new wasm.Module(require("undici/lib/llhttp/llhttp_simd-wasm.js") as Uint8Array);
  return module;
}

/** The longest chunk that `execute` takes. */
export const mostChunkBytes = chunkBytes;
