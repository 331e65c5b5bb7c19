import { STATUS_CODES } from "node:http";
import type { Outbound } from "../http/transport.ts";

/** Answers up to this size go out in one buffer, larger ones in two: copying them would cost more than a second write. */
const mostCopied = 16_384;

let date = { second: -1, line: "" };

/** RFC 9110 6.6.1; the text is made once a second. */
function dateLine(): string {
  const now = Date.now();
  const second = Math.floor(now / 1000);
  if (second !== date.second) date = { second, line: `date: ${new Date(now).toUTCString()}\r\n` };
  return date.line;
}

/**
 * The bytes of an answer; its headers are ours and hold no line break. `isHead`: without its body. Status 204 and 304
 * have none.
 */
export function answerBytes({ status, headers, body }: Outbound, more: { close: boolean; isHead: boolean }): Buffer[] {
  let head = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}\r\n${dateLine()}`;
  for (let i = 0; i + 1 < headers.length; i += 2) head += `${headers[i]}: ${headers[i + 1]}\r\n`;
  if (body === undefined && status !== 204 && status !== 304) head += "content-length: 0\r\n";
  head += more.close ? "connection: close\r\n\r\n" : "\r\n";
  if (body === undefined || more.isHead) return [Buffer.from(head, "latin1")];
  if (body.length > mostCopied) return [Buffer.from(head, "latin1"), body];
  const bytes = Buffer.allocUnsafe(head.length + body.length);
  bytes.write(head, "latin1");
  body.copy(bytes, head.length);
  return [bytes];
}
