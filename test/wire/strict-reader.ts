/**
 * A second reading of HTTP/1.1 for the tests, written from RFC 9110 and RFC 9112 alone, sharing no code with the
 * gateway: slow, plain, and stricter than the RFCs where two readers could differ.
 */
export type StrictMessage = { first: string; headers: [name: string, value: string][]; body: string };

/** `complete`: whole messages; `broken`: what follows is no message; `partial`: what follows may become one. */
export type StrictRead = { complete: StrictMessage[]; end: "clean" | "partial" | "broken" };

const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const fieldValue = /^[\t\x20-\x7e]*$/;
const requestLine = /^[A-Z]{1,20} [\x21-\x7e]+ HTTP\/1\.[01]$/;
const statusLine = /^HTTP\/1\.[01] [1-5][0-9]{2}( [\t\x20-\x7e]*)?$/;

type Cut = { message: StrictMessage; rest: string } | "partial" | "broken";

/** Reads requests, bytes given as latin1 text. Empty lines before a request are none of it (RFC 9112 2.2). */
export function readRequests(text: string): StrictRead {
  return readAll(text, (rest) => {
    const begin = rest.replace(/^(\r\n)+/, "");
    return begin === "" || begin === "\r" ? "partial" : readMessage(begin, requestLine, () => false);
  });
}

/** Reads the answers to requests of these methods, at most one each. `ended`: nothing more comes. */
export function readAnswers(text: string, methods: readonly string[], ended: boolean): StrictRead {
  let at = 0;
  return readAll(text, (rest) => {
    const method = methods[at];
    if (method === undefined) return "broken";
    const cut = readMessage(rest, statusLine, (first) => method === "HEAD" || /^HTTP\/1\.[01] (1[0-9]{2}|204|304)( |$)/.test(first), ended);
    if (typeof cut === "object" && !/^HTTP\/1\.[01] 1/.test(cut.message.first)) at += 1;
    return cut;
  });
}

function readAll(text: string, read: (rest: string) => Cut): StrictRead {
  const complete: StrictMessage[] = [];
  let rest = text;
  while (rest !== "") {
    const cut = read(rest);
    if (cut === "partial" || cut === "broken") return { complete, end: cut };
    complete.push(cut.message);
    rest = cut.rest;
  }
  return { complete, end: "clean" };
}

function readMessage(text: string, firstLine: RegExp, isBodiless: (first: string) => boolean, ended = false): Cut {
  const end = text.indexOf("\r\n\r\n");
  if (end < 0) return text.length > 20_000 ? "broken" : "partial";
  const [first = "", ...lines] = text.slice(0, end).split("\r\n");
  if (!firstLine.test(first)) return "broken";
  const headers = lines.map(readField);
  if (headers.includes(undefined)) return "broken";
  const known = headers.filter((one) => one !== undefined);
  const after = text.slice(end + 4);
  if (isBodiless(first)) return { message: { first, headers: known, body: "" }, rest: after };
  const body = readBody(after, { headers: known, isAnswer: firstLine === statusLine, version: first, ended });
  return typeof body === "object" ? { message: { first, headers: known, body: body.body }, rest: body.rest } : body;
}

function readField(line: string): [string, string] | undefined {
  const colon = line.indexOf(":");
  const name = line.slice(0, Math.max(0, colon));
  const value = line.slice(colon + 1).replaceAll(/^[ \t]+|[ \t]+$/g, "");
  return token.test(name) && fieldValue.test(value) ? [name.toLowerCase(), value] : undefined;
}

type Framing = { headers: [string, string][]; isAnswer: boolean; version: string; ended: boolean };

function readBody(text: string, { headers, isAnswer, version, ended }: Framing): { body: string; rest: string } | "partial" | "broken" {
  const of = (name: string): string[] => headers.filter(([one]) => one === name).map(([, value]) => value);
  const [lengths, codings] = [of("content-length"), of("transfer-encoding")];
  if (lengths.length + codings.length > 1) return "broken";
  if (codings.length === 1) {
    const isChunked = codings[0]?.toLowerCase() === "chunked" && version.includes("HTTP/1.1");
    return isChunked ? readChunks(text) : "broken";
  }
  if (lengths.length === 0 && isAnswer) return ended ? { body: text, rest: "" } : "partial";
  const length = lengths[0] ?? "0";
  if (!/^(0|[1-9][0-9]{0,14})$/.test(length)) return "broken";
  return text.length < Number(length) ? "partial" : { body: text.slice(0, Number(length)), rest: text.slice(Number(length)) };
}

/** RFC 9112 7.1; extensions are read and ignored, trailers are read as fields and ignored. */
function readChunks(text: string): { body: string; rest: string } | "partial" | "broken" {
  let body = "";
  let rest = text;
  for (;;) {
    const line = rest.indexOf("\r\n");
    if (line < 0) return rest.length > 20_000 ? "broken" : "partial";
    const size = /^([0-9A-Fa-f]{1,8})((?:;[\t\x20-\x7e]*)?)$/.exec(rest.slice(0, line))?.[1];
    if (size === undefined) return "broken";
    const length = Number.parseInt(size, 16);
    rest = rest.slice(line + 2);
    if (length === 0) return readTrailers(body, rest);
    if (rest.length < length + 2) return "partial";
    if (rest.slice(length, length + 2) !== "\r\n") return "broken";
    body += rest.slice(0, length);
    rest = rest.slice(length + 2);
  }
}

function readTrailers(body: string, text: string): { body: string; rest: string } | "partial" | "broken" {
  if (text.startsWith("\r\n")) return { body, rest: text.slice(2) };
  const end = text.indexOf("\r\n\r\n");
  if (end < 0) return "partial";
  const isPlain = text
    .slice(0, end)
    .split("\r\n")
    .every((line) => readField(line) !== undefined);
  return isPlain ? { body, rest: text.slice(end + 4) } : "broken";
}
