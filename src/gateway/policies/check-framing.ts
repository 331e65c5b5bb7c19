import type { TakenHeaders } from "../http/read-headers.ts";
import { Refusal } from "../refusal.ts";

const methods = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]);
const hostForm = /^([A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?$/;

/**
 * Step 1, the head: what node:http lets through and two servers in a row could read differently (RFC 9112 6). One body
 * framing, one Host, one of everything single, no protocol change.
 */
export function checkFraming(method: string, httpVersion: string, headers: TakenHeaders): void {
  const [repeated] = headers.repeated;
  if (repeated !== undefined) throw bad("header-repeated", `The header ${repeated} came more than once.`);
  if (httpVersion !== "1.1" && httpVersion !== "1.0") throw bad("version", "HTTP/1.1 is served here.");
  if (!headers.isPlain) throw bad("header-value", "A header holds a character that is not allowed.");
  if (!methods.has(method)) throw bad("method", "This method is not served.");
  if (headers.host === undefined || !hostForm.test(headers.host)) throw bad("host", "One Host header with a plain host name is required.");
  if (headers.upgrade !== undefined) throw bad("upgrade", "No change of protocol is served here.");
  if (headers.expect !== undefined && headers.expect.toLowerCase() !== "100-continue")
    throw bad("expect", "This expectation cannot be met.");
  checkBodyFraming(httpVersion, headers);
}

function checkBodyFraming(httpVersion: string, { transferEncoding, contentLength }: TakenHeaders): void {
  if (transferEncoding === undefined) {
    if (contentLength !== undefined && !/^(0|[1-9][0-9]{0,14})$/.test(contentLength))
      throw bad("content-length", "Content-Length must be a plain number.");
    return;
  }
  if (contentLength !== undefined) throw bad("framing", "Content-Length and Transfer-Encoding exclude each other.");
  if (httpVersion !== "1.1") throw bad("framing", "Transfer-Encoding needs HTTP/1.1.");
  if (transferEncoding.toLowerCase() !== "chunked") throw bad("framing", "Only the transfer coding `chunked` is read.");
}

function bad(clause: string, detail: string): Refusal {
  // where the head cannot be trusted, what follows it cannot either
  return new Refusal("bad-request", { clause, detail, close: true });
}
