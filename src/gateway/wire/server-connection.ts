import type { Socket } from "node:net";
import { readHeaders } from "../http/read-headers.ts";
import type { Handlers, Inbound, Outbound, TransportLimits } from "../http/transport.ts";
import { answerBytes } from "./answer-bytes.ts";
import { arrivals, departures } from "./turn.ts";
import { BodyReader } from "./body-reader.ts";
import { type RequestHead, RequestReader, type RequestResult } from "./request-reader.ts";

export type ConnectionContext = {
  /** SHA-256 (hex) of the certificate that the client of a connection showed, verified. */
  certificateOf(socket: Socket): string | undefined;
  handlers: Handlers;
  limits: TransportLimits;
  /** True once the server ends: the next answer is the last of each connection. */
  isDraining(): boolean;
  closed(connection: ServerConnection): void;
};

/** How long bytes are still taken from a caller whose request was refused before its end, so that it can read why. */
const lingerMs = 1_000;
const nothing = Buffer.alloc(0);

type Phase =
  /** Nothing of a request has come. */
  | "idle"
  /** A part of a head, or of a body that is waited for, has come. */
  | "reading"
  /** A request is with the handlers. */
  | "serving"
  /** An answer is written, and the kernel has not taken all of it. */
  | "sending"
  /** The last answer is written. */
  | "ending";

/** One connection of a caller: one request at a time, answered in order; what comes meanwhile waits unread. */
export class ServerConnection {
  readonly #socket: Socket;
  readonly #context: ConnectionContext;
  readonly #peer: string;
  readonly #reader: RequestReader;
  #body = new BodyReader();
  #waiting: Buffer | undefined;
  #phase: Phase = "idle";
  #bodyLeft = false;
  #ended = false;
  /** The connection gets the answer of bytes that are no request, and no other. */
  #refused = false;
  #closed = false;
  #sending: Outbound | undefined;
  /** When this phase began, and when a byte last moved; `performance.now`. */
  #sinceMs = performance.now();
  #movedMs = this.#sinceMs;

  constructor(socket: Socket, context: ConnectionContext) {
    this.#socket = socket;
    this.#context = context;
    // asked now: a socket that is gone has none
    this.#peer = socket.remoteAddress ?? "";
    this.#reader = new RequestReader((part) => this.#body.add(part));
    socket.on("data", (chunk: Buffer) => arrivals.add(() => this.#data(chunk)));
    socket.on("end", () => arrivals.add(() => this.#end()));
    socket.on("error", () => socket.destroy());
    socket.on("close", () => arrivals.add(() => this.#close()));
  }

  /** Ends what has waited too long. `nowMs` is of performance.now. */
  checkTime(nowMs: number): void {
    const { limits } = this.#context;
    const waitedMs = nowMs - this.#sinceMs;
    if (nowMs - this.#movedMs > limits.silenceTimeoutMs) this.#socket.destroy();
    else if (this.#phase === "idle" && waitedMs > limits.keepAliveTimeoutMs) this.#socket.destroy();
    else if (this.#phase === "reading" && waitedMs > (this.#bodyLeft ? limits.requestTimeoutMs : limits.headersTimeoutMs))
      this.#refuse(408);
    else if (this.#phase === "ending" && waitedMs > lingerMs) this.#socket.destroy();
  }

  /** The server ends: a connection without a request under way ends now. */
  drain(): void {
    if (this.#phase === "idle") this.#socket.destroy();
  }

  #data(chunk: Buffer): void {
    this.#movedMs = performance.now();
    if (this.#phase === "ending") return;
    // what waits was sent before this
    const waits = this.#phase === "serving" || this.#phase === "sending" || this.#waiting !== undefined;
    if (waits) this.#keepWaiting(chunk);
    else this.#read(chunk);
  }

  /** A caller may send its next requests early; more than one chunk of them is left to the kernel. */
  #keepWaiting(chunk: Buffer): void {
    this.#waiting = this.#waiting === undefined ? chunk : Buffer.concat([this.#waiting, chunk]);
    this.#socket.pause();
  }

  #read(chunk: Buffer): void {
    if (this.#phase === "idle") this.#enter("reading");
    this.#take(this.#reader.read(chunk));
  }

  #take(result: RequestResult): void {
    if (result.kind === "more") {
      // a body that has passed its limit is not read on
      if (this.#bodyLeft && !this.#body.isWaitedFor) this.#enter("serving");
      return;
    }
    if (result.kind === "broken") {
      this.#refuse(result.status);
      return;
    }
    this.#waiting = result.rest.length > 0 ? result.rest : undefined;
    if (this.#bodyLeft) {
      this.#bodyLeft = false;
      this.#enter("serving");
      this.#body.complete();
    } else this.#serve();
  }

  #serve(): void {
    const head = this.#reader.takeHead();
    this.#bodyLeft = head.hasBody;
    this.#enter("serving");
    if (this.#waiting !== undefined) this.#socket.pause();
    const { headers, authorization } = readHeaders(head.headers);
    const inbound: Inbound = {
      method: head.method,
      target: head.target,
      httpVersion: head.version,
      headers,
      peer: this.#peer,
      clientCertificate: this.#context.certificateOf(this.#socket),
      hasBody: head.hasBody,
      // HTTP/1.0 knows no answer before the answer (RFC 9110 10.1.1)
      readBody: (limitBytes) => this.#readBody(limitBytes, headers.expect !== undefined && head.version === "1.1"),
    };
    void this.#context.handlers.request(inbound, authorization).then((answer) => departures.add(() => this.#answer(answer, head)));
  }

  #readBody(limitBytes: number, isExpected: boolean): ReturnType<BodyReader["collect"]> {
    if (!this.#bodyLeft) return Promise.resolve(this.#closed ? "aborted" : Buffer.alloc(0));
    if (this.#closed || this.#ended) return Promise.resolve("aborted");
    this.#body = new BodyReader();
    const read = this.#body.collect(limitBytes);
    if (isExpected) this.#socket.write("HTTP/1.1 100 Continue\r\n\r\n");
    this.#enter("reading");
    this.#resume();
    return read;
  }

  #answer(answer: Outbound, head: RequestHead): void {
    if (this.#closed || this.#refused) {
      this.#context.handlers.aborted(answer);
      return;
    }
    const isLast = !head.keepAlive || this.#bodyLeft || this.#ended || head.version !== "1.1";
    const close = answer.close === true || isLast || this.#context.isDraining();
    this.#send(answer, { close, isHead: head.method === "HEAD" });
  }

  #send(answer: Outbound, more: { close: boolean; isHead: boolean }): void {
    const parts = answerBytes(answer, more);
    if (parts.length > 1) this.#socket.cork();
    for (const part of parts) this.#socket.write(part);
    if (parts.length > 1) this.#socket.uncork();
    this.#movedMs = performance.now();
    if (this.#socket.writableLength === 0) {
      this.#sent(more.close);
      return;
    }
    // nothing more is read of a caller before the kernel has taken its answer: answers to one that does not read would pile up.
    // `drain` tells of large ones alone; an empty write comes after all before it
    this.#sending = answer;
    this.#enter("sending");
    this.#socket.write(nothing, (error) => {
      if (!error && !this.#closed) this.#sent(more.close);
    });
  }

  #sent(isLast: boolean): void {
    this.#movedMs = performance.now();
    this.#sending = undefined;
    if (isLast || this.#context.isDraining()) this.#finish();
    else this.#next();
  }

  /** The next request: what has waited is read in a turn of its own, so that no caller holds up the others. */
  #next(): void {
    this.#enter("idle");
    if (this.#waiting === undefined) this.#socket.resume();
    else setImmediate(() => this.#resume());
  }

  #resume(): void {
    if (this.#socket.destroyed) return;
    const chunk = this.#waiting;
    this.#waiting = undefined;
    if (chunk !== undefined) this.#read(chunk);
    if (this.#waiting === undefined) this.#socket.resume();
  }

  /** No more answers; what still comes is dropped until the caller has ended too, or for a while. */
  #finish(): void {
    this.#enter("ending");
    this.#waiting = undefined;
    this.#socket.end();
    this.#socket.resume();
    if (this.#ended) this.#socket.destroySoon();
  }

  #refuse(status: 400 | 408 | 431): void {
    const isAnswered = this.#bodyLeft && status !== 408;
    this.#enter("serving");
    this.#body.abort();
    // the request whose body broke gets its own answer, by the handlers that waited for the body
    if (isAnswered) return;
    this.#refused = true;
    void this.#context.handlers.malformed(this.#peer, status).then((answer) => {
      if (this.#closed) return;
      this.#send(answer, { close: true, isHead: false });
    });
  }

  /** The caller sends no more. One that waits for an answer does not do that: it is gone, as for nginx and node:http. */
  #end(): void {
    this.#ended = true;
    if (this.#phase === "reading" && !this.#bodyLeft) this.#refuse(400);
    else if (this.#phase === "serving" || this.#phase === "reading") this.#socket.destroy();
    else {
      this.#waiting = undefined;
      this.#socket.destroySoon();
    }
  }

  #close(): void {
    this.#closed = true;
    this.#waiting = undefined;
    this.#reader.free();
    this.#body.abort();
    if (this.#sending !== undefined) this.#context.handlers.aborted(this.#sending);
    this.#context.closed(this);
  }

  #enter(phase: Phase): void {
    this.#phase = phase;
    this.#sinceMs = performance.now();
  }
}
