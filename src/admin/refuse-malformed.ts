import { ServerResponse, STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import { AppError } from "../contract/errors.ts";
import { newId } from "../platform/ids.ts";
import type { Log } from "../platform/log.ts";
import { problemOf } from "./problem-reply.ts";
import { securityHeaders } from "./security-headers.ts";

type Listener = (error: Error & { code?: string }, socket: Duplex) => void;

/** Answers what node:http cannot read as a request: 400, 431 for too many headers, 408 for one that does not arrive. */
export function refuseMalformed(log: Log): Listener {
  const refused = new WeakSet<Duplex>();
  return (error, socket) => {
    // a second error of the same bytes
    if (refused.has(socket)) return;
    refused.add(socket);
    void refuse(socket, problemFor(error.code), log);
  };
}

function problemFor(code: string | undefined): AppError {
  if (code === "HPE_HEADER_OVERFLOW") return new AppError("headers-too-large");
  return code === "ERR_HTTP_REQUEST_TIMEOUT" ? new AppError("request-timeout") : new AppError("bad-request", "this is not HTTP/1.1");
}

async function refuse(socket: Duplex, error: AppError, log: Log): Promise<void> {
  socket.on("error", () => socket.destroy());
  let current = answerOn(socket);
  // a caller takes the first answer that comes for that of its first request
  while (current?.req.complete === true) {
    await closeOf(current);
    current = answerOn(socket);
  }
  // the request whose body broke may be answered already: one answer is enough
  if (!socket.writable || current?.headersSent === true) {
    socket.destroy();
    return;
  }
  const requestId = newId("req");
  log.info({ event: "admin.malformed", request_id: requestId, status: error.status, code: error.code });
  socket.end(answerText(error, requestId), () => socket.destroy());
}

function answerText(error: AppError, requestId: string): string {
  const body = JSON.stringify(problemOf(error, requestId, "en"));
  const headers = {
    ...securityHeaders(requestId),
    "content-type": "application/problem+json",
    "content-language": "en",
    "content-length": Buffer.byteLength(body),
    connection: "close",
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  return [`HTTP/1.1 ${error.status} ${STATUS_CODES[error.status] ?? ""}`, ...lines, "", body].join("\r\n");
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
