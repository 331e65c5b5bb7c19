import { createServer, type IncomingMessage, type Server, ServerResponse, STATUS_CODES } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { TlsMaterial } from "../../platform/tls-material.ts";
import { type ClientCertificates, readClientCertificates } from "./client-certificates.ts";
import type { ConnectionGate } from "./connection-gate.ts";
import { passGate } from "./pass-gate.ts";
import { readBody, type BodyRead } from "./read-body.ts";
import { readHeaders, type TakenHeaders } from "./read-headers.ts";

/** A parsed request without its credential. Nothing behind it leads back to the raw headers. */
export type Inbound = {
  method: string;
  /** As on the request line: never logged, it may hold anything. */
  target: string;
  httpVersion: string;
  headers: TakenHeaders;
  /** Address of the peer of the connection. */
  peer: string;
  /** SHA-256 (hex) of the certificate that the client of the connection showed, verified. */
  clientCertificate: string | undefined;
  hasBody: boolean;
  /** Reads the whole body, at most `limitBytes`. Sends `100 Continue` first when the client waits for it. */
  readBody(limitBytes: number): Promise<BodyRead>;
};

/** A whole answer. `headers` is flat: name, value, name, value... */
export type Outbound = {
  status: number;
  headers: string[];
  body: Buffer | undefined;
  /** The connection ends with this answer. */
  close?: boolean;
};

export type Handlers = {
  /** Answers a request. Must not throw. `authorization` is the only copy of the credential. */
  request(inbound: Inbound, authorization: string | undefined): Promise<Outbound>;
  /** The answer to bytes that are no request (bad framing, too large, too slow). */
  malformed(peer: string, status: 400 | 408 | 431): Promise<Outbound>;
  /** Called when the answer could not be sent whole: the client went away. */
  aborted(answer: Outbound): void;
};

export type Transport = { host: string; port: number; drain(deadlineMs: number): Promise<void> };

export type TransportLimits = {
  maxConnections: number;
  headersTimeoutMs: number;
  requestTimeoutMs: number;
  keepAliveTimeoutMs: number;
  /** A connection on which no byte moved for so long is ended: a caller that does not read its answers. Longer than any operation takes. */
  silenceTimeoutMs: number;
};

/** What stands between the network and HTTP: nothing of it = clear text without bounds of its own. */
export type Entrance = { tls?: TlsMaterial; gate?: ConnectionGate };

export const defaultLimits: TransportLimits = {
  maxConnections: 4096,
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 30_000,
  keepAliveTimeoutMs: 65_000,
  silenceTimeoutMs: 120_000,
};

/** HTTP/1.1 by node:http with its strict parser. Everything that is node:http is in this file. */
export async function startTransport(
  listen: { host: string; port: number },
  handlers: Handlers,
  limits: TransportLimits = defaultLimits,
  entrance: Entrance = {},
): Promise<Transport> {
  const http = {
    insecureHTTPParser: false,
    // checked by the pipeline, so that the refusal is uniform and recorded
    requireHostHeader: false,
    maxHeaderSize: 16 * 1024,
    headersTimeout: limits.headersTimeoutMs,
    requestTimeout: limits.requestTimeoutMs,
    keepAliveTimeout: limits.keepAliveTimeoutMs,
    connectionsCheckingInterval: Math.min(1000, limits.headersTimeoutMs),
    joinDuplicateHeaders: false,
    noDelay: true,
  };
  const server = openServer(http, limits, entrance);
  const certificates = readClientCertificates(server);
  server.maxConnections = limits.maxConnections;
  server.timeout = limits.silenceTimeoutMs;
  const state = { draining: false };
  const serve = (request: IncomingMessage, response: ServerResponse): void => {
    void answer(request, response, { handlers, state, certificates });
  };
  server.on("request", serve);
  // without these two listeners node:http would send 100 or 417 by itself, before anybody looked at the request
  server.on("checkContinue", serve);
  server.on("checkExpectation", serve);
  const refused = new WeakSet<Duplex>();
  const refuse = (socket: Duplex, status: 400 | 408 | 431): void => {
    // whatever else comes on this connection is not read, nor is a second error of the same bytes
    if (refused.has(socket)) return;
    refused.add(socket);
    void refuseRaw(socket, handlers, status);
  };
  server.on("upgrade", (_request: IncomingMessage, socket: Duplex) => refuse(socket, 400));
  server.on("connect", (_request: IncomingMessage, socket: Duplex) => refuse(socket, 400));
  server.on("clientError", (error: Error & { code?: string }, socket: Duplex) => {
    if (certificates.isOpen(socket)) refuse(socket, statusOf(error.code));
    else socket.destroy();
  });
  await listening(server, listen);
  const { port, address } = addressOf(server);
  return { host: address, port, drain: (deadlineMs) => drain(server, state, deadlineMs) };
}

function openServer(http: Parameters<typeof createServer>[0] & object, limits: TransportLimits, { tls, gate }: Entrance): Server {
  const server = tls === undefined ? createServer(http) : openTlsServer(http, limits, tls);
  // before anything is read of it
  if (gate !== undefined) server.prependListener("connection", (socket: Socket) => passGate(socket, gate));
  return server;
}

function openTlsServer(http: object, limits: TransportLimits, tls: TlsMaterial): Server {
  const server = createTlsServer({ ...http, ...tls.options(), handshakeTimeout: limits.headersTimeoutMs });
  tls.keep(server);
  return server;
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  { handlers, state, certificates }: { handlers: Handlers; state: { draining: boolean }; certificates: ClientCertificates },
): Promise<void> {
  const { headers, authorization } = readHeaders(request.rawHeaders);
  // node:http has its own copy of the headers, made before the request event
  delete request.headers.authorization;
  delete request.headers.cookie;
  const unread = { body: hasBody(headers) };
  const outbound = await handlers.request(
    {
      method: request.method ?? "",
      target: request.url ?? "",
      httpVersion: request.httpVersion,
      headers,
      peer: request.socket.remoteAddress ?? "",
      clientCertificate: certificates.of(request.socket),
      hasBody: unread.body,
      readBody: async (limitBytes) => {
        // HTTP/1.0 knows no answer before the answer (RFC 9110 10.1.1)
        if (headers.expect !== undefined && request.httpVersion === "1.1") response.writeContinue();
        const body = await readBody(request, limitBytes);
        unread.body = typeof body === "string";
        return body;
      },
    },
    authorization,
  );
  const close = outbound.close === true || state.draining || unread.body || request.httpVersion !== "1.1";
  if (!(await send(response, outbound, close))) handlers.aborted(outbound);
}

/** True when the last byte was handed to the operating system. */
function send(response: ServerResponse, outbound: Outbound, close: boolean): Promise<boolean> {
  if (response.destroyed) return Promise.resolve(false);
  return new Promise((resolve) => {
    response.once("finish", () => resolve(true));
    response.once("close", () => resolve(response.writableFinished));
    if (close) response.shouldKeepAlive = false;
    response.writeHead(outbound.status, close ? [...outbound.headers, "connection", "close"] : outbound.headers);
    response.end(outbound.body);
  });
}

function hasBody(headers: TakenHeaders): boolean {
  return headers.transferEncoding !== undefined || (headers.contentLength !== undefined && headers.contentLength !== "0");
}

function statusOf(code: string | undefined): 400 | 408 | 431 {
  if (code === "HPE_HEADER_OVERFLOW") return 431;
  return code === "ERR_HTTP_REQUEST_TIMEOUT" ? 408 : 400;
}

/** Answers on the socket itself, where node:http has no request to answer. Earlier requests of the connection get their answers first. */
async function refuseRaw(socket: Duplex, handlers: Handlers, status: 400 | 408 | 431): Promise<void> {
  socket.on("error", () => socket.destroy());
  let current = answerOn(socket);
  // a caller takes the first answer that comes for that of its first request
  while (current?.req.complete === true) {
    await closeOf(current);
    current = answerOn(socket);
  }
  const refusal = socket.writable ? await handlers.malformed(peerOf(socket), status) : undefined;
  if (refusal === undefined || !socket.writable) socket.destroy();
  // the request whose body broke was refused before its body: one answer is enough, and it ends the connection
  else if (current?.headersSent !== true) writeRaw(socket, refusal);
}

function writeRaw(socket: Duplex, { status, headers, body }: Outbound): void {
  const lines = [`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}`];
  for (let i = 0; i + 1 < headers.length; i += 2) lines.push(`${headers[i]}: ${headers[i + 1]}`);
  lines.push("connection: close", "", "");
  socket.end(Buffer.concat([Buffer.from(lines.join("\r\n")), body ?? Buffer.alloc(0)]), () => socket.destroy());
}

/** The answer that node:http writes, or waits to write, on this connection. */
function answerOn(socket: Duplex): ServerResponse | undefined {
  const current: unknown = "_httpMessage" in socket ? socket._httpMessage : undefined;
  return current instanceof ServerResponse ? current : undefined;
}

function closeOf(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    response.once("close", () => resolve());
  });
}

function peerOf(socket: Duplex): string {
  return "remoteAddress" in socket && typeof socket.remoteAddress === "string" ? socket.remoteAddress : "";
}

function listening(server: Server, listen: { host: string; port: number }): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host: listen.host, port: listen.port }, () => {
      server.off("error", reject);
      // a connection that the system could not hand over (ENOBUFS, ENOMEM) is the caller's loss alone: without a listener the process would end
      server.on("error", () => undefined);
      resolve();
    });
  });
}

function addressOf(server: Server): AddressInfo {
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the listener has no port");
  return address;
}

/** Takes no new connection, tells kept ones to close, waits for calls under way, and ends what is left at the deadline. */
async function drain(server: Server, state: { draining: boolean }, deadlineMs: number): Promise<void> {
  state.draining = true;
  const closed = new Promise<void>((resolve) => {
    server.close(() => resolve());
  });
  server.closeIdleConnections();
  const timer = setTimeout(() => server.closeAllConnections(), deadlineMs);
  await closed;
  clearTimeout(timer);
}
