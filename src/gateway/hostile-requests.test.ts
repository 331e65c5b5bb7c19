import { afterAll, beforeAll, expect, test } from "vitest";
import { sendJson, startTestGateway, startUpstream, type TestGateway, type Upstream } from "./testing/test-gateway.ts";
import { makeToken, policyRows, tokenRow } from "./testing/test-policy.ts";

const token = makeToken();
let upstream: Upstream;
let gateway: TestGateway;

beforeAll(async () => {
  upstream = await startUpstream((_request, response) => sendJson(response, 200, '{"matricula":"1"}'));
  gateway = await startTestGateway(policyRows({ sandbox: upstream.url }, { tokens: [tokenRow(token)] }), {
    transport: { headersTimeoutMs: 300, requestTimeoutMs: 300 },
  });
});

afterAll(async () => {
  await gateway[Symbol.asyncDispose]();
  await upstream[Symbol.asyncDispose]();
});

const auth = `Authorization: Bearer ${token}`;
const head = (target: string, lines: string[] = [], version = "HTTP/1.1"): string =>
  [`GET ${target} ${version}`, "Host: gateway", auth, ...lines, "Connection: close", "", ""].join("\r\n");
const post = (lines: string[], body: string): string =>
  ["POST /v1/requests HTTP/1.1", "Host: gateway", auth, "Content-Type: application/json", ...lines, "", body].join("\r\n");
const smuggled = `GET /v1/properties/1 HTTP/1.1\r\nHost: gateway\r\n${auth}\r\n\r\n`;

/** Each must be refused with the status; the reason is why a lax reader would be a hole. */
const corpus: [why: string, bytes: string | Buffer, status: number][] = [
  ["two lengths: two readers cut the body in two places", post(["Content-Length: 2", "Content-Length: 30"], smuggled), 400],
  ["the same length twice: a list is no number", post(["Content-Length: 2", "Content-Length: 2"], "{}"), 400],
  [
    "length and chunks: the classic smuggling of a second request",
    post(["Content-Length: 4", "Transfer-Encoding: chunked"], `0\r\n\r\n${smuggled}`),
    400,
  ],
  ["chunks and length, the other order", post(["Transfer-Encoding: chunked", "Content-Length: 4"], `0\r\n\r\n${smuggled}`), 400],
  ["a coding that only looks like chunked", post(["Transfer-Encoding: xchunked"], "0\r\n\r\n"), 400],
  ["chunked is not the last coding: the body's end is unknown", post(["Transfer-Encoding: chunked, identity"], "0\r\n\r\n"), 400],
  ["a coding before chunked that nobody decodes", post(["Transfer-Encoding: gzip, chunked"], "0\r\n\r\n"), 400],
  ["chunked twice", post(["Transfer-Encoding: chunked", "Transfer-Encoding: chunked"], "0\r\n\r\n"), 400],
  ["a space before the colon hides a header from some readers", post(["Transfer-Encoding : chunked"], "0\r\n\r\n"), 400],
  ["a chunk size with a sign", post(["Transfer-Encoding: chunked"], "+2\r\n{}\r\n0\r\n\r\n"), 400],
  ["a chunk extension with a bare line feed", post(["Transfer-Encoding: chunked"], "2;a\n{}\r\n0\r\n\r\n"), 400],
  [
    "HTTP/1.0 knows no chunks: its server in front would see another body",
    `POST /v1/requests HTTP/1.0\r\nHost: gateway\r\n${auth}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    400,
  ],
  ["a length with a sign", post(["Content-Length: +2"], "{}"), 400],
  ["a length in hexadecimal", post(["Content-Length: 0x2"], "{}"), 400],
  ["a length with a leading zero", post(["Content-Length: 02"], "{}"), 400],
  ["a folded header line (obsolete) carries what a line filter does not see", head("/v1/properties/1", ["X-A: 1", " folded"]), 400],
  ["a bare line feed ends lines for some and not for others", `GET /v1/properties/1 HTTP/1.1\nHost: gateway\n${auth}\n\n`, 400],
  ["a bare carriage return within a header", head("/v1/properties/1", ["X-A: 1\rX-B: 2"]), 400],
  ["a NUL in a header cuts it for readers in C", head("/v1/properties/1", ["X-A: 1\0"]), 400],
  ["no Host", `GET /v1/properties/1 HTTP/1.1\r\n${auth}\r\n\r\n`, 400],
  ["two Hosts: routing by one, trust by the other", head("/v1/properties/1", ["Host: other"]), 400],
  ["a Host with user information", `GET /v1/properties/1 HTTP/1.1\r\nHost: a@b\r\n${auth}\r\n\r\n`, 400],
  ["two Authorizations: which one counts?", head("/v1/properties/1", [`Authorization: Bearer ${makeToken()}`]), 400],
  ["absolute form names a host of the caller's choice", head("http://other/v1/properties/1"), 400],
  ["asterisk form is no path", head("*"), 400],
  ["CONNECT would make a tunnel", `CONNECT other:443 HTTP/1.1\r\nHost: other\r\n${auth}\r\n\r\n`, 400],
  ["TRACE sends headers back", `TRACE /v1/properties/1 HTTP/1.1\r\nHost: gateway\r\n${auth}\r\n\r\n`, 400],
  ["a protocol change would leave the rules of HTTP", head("/v1/properties/1", ["Connection: Upgrade", "Upgrade: h2c"]), 400],
  ["an upgrade to WebSocket", head("/v1/properties/1", ["Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Key: x"]), 400],
  ["an expectation that cannot be met", post(["Content-Length: 2", "Expect: 200-maybe"], "{}"), 400],
  ["dot segments leave the licensed path", head("/v1/properties/../secrets"), 400],
  ["escaped dots do so after one decoding", head("/v1/properties/%2e%2e/secrets"), 400],
  ["doubly escaped dots do so after two", head("/v1/properties/%252e%252e/secrets"), 400],
  ["an escaped slash makes another path of it", head("/v1/properties%2fsecrets"), 400],
  ["an escaped backslash is a slash to some", head("/v1/properties%5c..%5csecrets"), 400],
  ["a backslash is a slash to some", head("/v1\\secrets"), 400],
  ["a double slash is one to some", head("/v1//secrets"), 400],
  ["a double slash in front names a host to some", head("//other/v1/properties/1"), 400],
  ["path parameters are cut off by some", head("/v1/properties/1;a=b"), 400],
  ["an escaped semicolon is one after decoding", head("/v1/properties/1%3ba"), 400],
  ["an escaped NUL ends the path for readers in C", head("/v1/properties/1%00.json"), 400],
  ["an escaped line end splits lines in logs and headers", head("/v1/properties/1%0d%0aX:1"), 400],
  ["a broken escape is guessed at", head("/v1/properties/%zz"), 400],
  ["an escape that is no UTF-8", head("/v1/properties/%c0%ae"), 400],
  ["a fragment does not belong on the wire", head("/v1/properties/1#a"), 400],
  ["bytes beyond ASCII in the path", Buffer.from(head("/v1/propriedades/ção"), "latin1"), 400],
  ["a tab in the target", head("/v1/properties/1\t"), 400],
  ["a token as query parameter", head(`/v1/properties/1?access_token=${makeToken()}`), 400],
  ["a token under any name", head(`/v1/properties/1?x=${makeToken()}`), 400],
  ["a token with an escaped underscore", head(`/v1/properties/1?x=${makeToken().replaceAll("_", "%5f")}`), 400],
  ["a token in the path", head(`/v1/properties/${makeToken("live")}`), 400],
  ["an API key parameter even without a value of ours", head("/v1/properties/1?api_key=abc"), 400],
  ["a target longer than is read", head(`/v1/properties/${"1".repeat(5_000)}`), 400],
  ["headers larger than 16 KiB", head("/v1/properties/1", [`X-A: ${"a".repeat(20_000)}`]), 431],
  ["a version that does not exist", head("/v1/properties/1", [], "HTTP/3.7"), 400],
  ["bytes that are TLS", Buffer.from("16030100a5010000a10303", "hex"), 400],
  ["a request that never ends holds a connection", `GET /v1/properties/1 HTTP/1.1\r\nHost: gateway\r\nX-A: `, 408],
];

test.each(corpus)("%s", async (_why, bytes, status) => {
  const before = upstream.received.length;
  const text = await gateway.raw(bytes);
  const answers = text.match(/^HTTP\/1\.1 \d{3}/gm) ?? [];
  expect(answers).toEqual([`HTTP/1.1 ${status}`]);
  expect(text).toMatch(/application\/problem\+json/);
  expect(text).toContain(`"status":${status},`);
  expect(text).not.toContain(token);
  expect(upstream.received.length).toBe(before);
});

test("the same head without a trick is answered 200", async () => {
  expect(await gateway.raw(head("/v1/properties/1"))).toMatch(/^HTTP\/1\.1 200/);
});

test("every refusal of the corpus was recorded without the path or a token", () => {
  expect(gateway.records.length).toBeGreaterThan(10);
  const text = JSON.stringify(gateway.records);
  expect(text).not.toMatch(/aq_(live|test)_|secrets/);
});
