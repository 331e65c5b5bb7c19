import { connect as connectTcp, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { arrivals, departures } from "./turn.ts";
import { AnswerReader, type ReadResult, type WireAnswer } from "./answer-reader.ts";

export type ConnectionFault = "connect" | "broken" | "too-large" | "timeout";

/** Told of the one exchange that is under way. */
export type ExchangeEvents = { answered(answer: WireAnswer): void; failed(fault: ConnectionFault, more?: FaultMore): void };

/** `answered`: a byte of an answer had come. */
export type FaultMore = { cause?: Error | undefined; answered: boolean };

/** `free`: an answer was read whole and the next request may follow. `gone`: nothing more goes here. */
export type ConnectionEvents = { free(connection: UpstreamConnection): void; gone(connection: UpstreamConnection): void };

const connectMs = 5_000;

/** One kept connection to an upstream: one request at a time, never a second before the answer of the first. */
export class UpstreamConnection {
  readonly #socket: Socket;
  readonly #reader: AnswerReader;
  readonly #events: ConnectionEvents;
  #exchange: ExchangeEvents | undefined;
  #connected = false;
  #gone = false;
  #isLeaving = false;
  /** When it was last free; `performance.now`. */
  freeSinceMs = 0;

  constructor(origin: URL, options: { maxAnswerBytes: number; events: ConnectionEvents }) {
    this.#reader = new AnswerReader(options.maxAnswerBytes);
    this.#events = options.events;
    this.#socket = open(origin, () => {
      this.#connected = true;
      this.#socket.setTimeout(0);
    });
    this.#socket.setTimeout(connectMs, () => this.#fail("connect"));
    this.#socket.on("data", (chunk: Buffer) => this.#arrived(chunk));
    this.#socket.on("end", () => this.#leaves(() => this.#take(this.#exchange === undefined ? { kind: "broken" } : this.#reader.end())));
    this.#socket.on("error", (error) => this.#leaves(() => this.#fail(this.#connected ? "broken" : "connect", error)));
    this.#socket.on("close", () => this.#leaves(() => this.#fail(this.#connected ? "broken" : "connect")));
  }

  /** False once its end was seen, though what came before that may still wait to be read. */
  get isUsable(): boolean {
    return !this.#gone && !this.#isLeaving;
  }

  /** Bytes are the answer to the request that was under way when they came; to any other they are none. */
  #arrived(chunk: Buffer): void {
    const exchange = this.#exchange;
    if (exchange === undefined) {
      this.#fail("broken");
      return;
    }
    arrivals.add(() => {
      if (this.#exchange === exchange) this.#take(this.#reader.read(chunk));
      else this.#fail("broken");
    });
  }

  #leaves(then: () => void): void {
    this.#isLeaving = true;
    arrivals.add(then);
  }

  /** Sends a request; what it comes to is told to `events`, once. */
  send(bytes: Buffer, isHead: boolean, events: ExchangeEvents): void {
    this.#exchange = events;
    this.#reader.expect(isHead);
    departures.add(() => this.#socket.write(bytes));
  }

  /** Ends the exchange: the answer, should it still come, is nobody's. */
  abort(): void {
    this.#fail("timeout");
  }

  #take(result: ReadResult): void {
    if (result.kind === "more") return;
    const exchange = this.#exchange;
    // bytes that answer nothing
    if (result.kind !== "answer" || exchange === undefined) {
      this.#fail(result.kind === "too-large" ? "too-large" : "broken");
      return;
    }
    this.#exchange = undefined;
    if (!result.keepAlive) this.#close();
    exchange.answered(result.answer);
    if (result.keepAlive && this.isUsable) this.#events.free(this);
  }

  #fail(fault: ConnectionFault, cause?: Error): void {
    const exchange = this.#exchange;
    this.#exchange = undefined;
    this.#close();
    exchange?.failed(fault, { cause, answered: this.#reader.begun });
  }

  #close(): void {
    if (this.#gone) return;
    this.#gone = true;
    this.#socket.destroy();
    this.#reader.free();
    this.#events.gone(this);
  }
}

function open(origin: URL, connected: () => void): Socket {
  const host = origin.hostname.replace(/^\[|\]$/g, "");
  if (origin.protocol !== "https:") return connectTcp({ host, port: Number(origin.port || 80), noDelay: true }, connected);
  const socket = connectTls({ host, port: Number(origin.port || 443), servername: host, ALPNProtocols: ["http/1.1"] }, connected);
  return socket.setNoDelay(true);
}
