import { auth, chunked, head, only, post } from "./hostile-request.ts";

/** What the service must have received. */
export type Passed = { method: string; url: string; body: string };

/** A good request with a trick that must have no effect. Whatever is called `evil` in it must not reach the service. */
export type IdleTrick = [why: string, bytes: string, passed: Passed];

const get: Passed = { method: "GET", url: "/v1/properties/1", body: "" };
const sent: Passed = { method: "POST", url: "/v1/requests", body: '{"property":"1"}' };
const lines = (...more: string[]): string => head("/v1/properties/1", more);
const closing = ["Connection: close"];
const json = '{"property":"1"}';
const postJson = (...more: string[]): string => post([...more, `Content-Length: ${json.length}`, ...closing], json);
const chunks = (body: string): string => chunked(body).replace("Transfer-Encoding", "Connection: close\r\nTransfer-Encoding");
const size = json.length.toString(16);

export const idleTricks: IdleTrick[] = [
  ["a method override: the method is the request line's", lines("X-HTTP-Method-Override: DELETE"), get],
  ["a method override under its other names", lines("X-HTTP-Method: DELETE", "X-Method-Override: DELETE"), get],
  ["a method override of a POST", postJson("X-HTTP-Method-Override: DELETE"), sent],
  ["an original URL: the target is the request line's", lines("X-Original-URL: /v1/secrets?evil"), get],
  ["a rewritten URL", lines("X-Rewrite-URL: /v1/secrets?evil"), get],
  ["a forwarded prefix, path and URI", lines("X-Forwarded-Prefix: /evil", "X-Forwarded-Path: /evil", "X-Forwarded-Uri: /evil"), get],
  ["a forwarded host", lines("X-Forwarded-Host: evil", "X-Host: evil", "X-Forwarded-Server: evil", "X-HTTP-Host-Override: evil"), get],
  ["a forwarded scheme and port", lines("X-Forwarded-Proto: evil", "X-Forwarded-Scheme: evil", "X-Forwarded-Port: 666"), get],
  ["a forwarded address of a peer that is no trusted proxy", lines("X-Forwarded-For: 6.6.6.6, 127.0.0.1"), get],
  ["forwarded addresses in two lines", lines("X-Forwarded-For: 6.6.6.6", "X-Forwarded-For: 6.6.6.7"), get],
  ["`Forwarded`", lines("Forwarded: for=6.6.6.6;host=evil;proto=evil"), get],
  ["the addresses of other products", lines("X-Real-IP: 6.6.6.6", "True-Client-IP: 6.6.6.6", "CF-Connecting-IP: 6.6.6.6"), get],
  ["`Connection` that names what the gateway adds", lines("Connection: x-forwarded-for, forwarded, aqueduto-identity, x-request-id"), get],
  ["`Connection` that names the credential", lines("Connection: authorization"), get],
  ["`Connection` that names Host and framing", postJson("Connection: host, content-length, transfer-encoding"), sent],
  ["an identity of the caller's making", lines("Aqueduto-Identity: evil"), get],
  ["an identity with underscores, which some servers make dashes of", lines("Aqueduto_Identity: evil", "X_Forwarded_For: 6.6.6.6"), get],
  ["a deadline of the caller's making", lines("Aqueduto-Deadline-Ms: 666666"), get],
  [
    "a request id and a trace of the caller's",
    lines("X-Request-Id: evil", "Traceparent: evil", "Tracestate: evil=1", "Baggage: evil=1"),
    get,
  ],
  ["a client certificate of a peer that is no trusted proxy", lines("Client-Cert: :ZXZpbA==:", "X-SSL-Client-Verify: evil"), get],
  ["cookies", lines("Cookie: evil=1", "Cookie2: evil"), get],
  ["a part of the answer", lines("Range: bytes=0-1", "If-Range: evil"), get],
  ["conditions", lines('If-None-Match: "evil"', "If-Match: evil", "If-Modified-Since: evil", "If-Unmodified-Since: evil"), get],
  [
    "an encoding of the answer that nobody here reads",
    lines("Accept-Encoding: evil, gzip", "Accept: text/evil", "Accept-Charset: evil"),
    get,
  ],
  ["trailers that are asked for and announced", lines("TE: trailers, evil", "Trailer: evil"), get],
  ["hop-by-hop headers", lines("Keep-Alive: timeout=666, evil", "Proxy-Connection: evil", "Proxy-Authorization: evil", "Proxy: evil"), get],
  ["hops that are counted", lines("Max-Forwards: 0", "Via: 1.1 evil"), get],
  ["settings of HTTP/2 without an upgrade", lines("HTTP2-Settings: evil"), get],
  ["a debug header", lines("X-Debug: evil", "X-Cache: evil", "Surrogate-Capability: evil"), get],
  ["a type of a body that is not there", lines("Content-Type: evil/evil"), get],
  ["an encoding of the body that is not true", postJson("Content-Encoding: evil"), sent],
  ["a place of the body", postJson("Content-Location: /evil", "Content-Range: bytes 0-1/evil", "Content-Disposition: evil"), sent],
  ["a length of nothing where there is no body", lines("Content-Length: 0"), get],
  ["an expectation where there is no body", lines("Expect: 100-continue"), get],
  ["an expectation of HTTP/1.0, which knows none", postJson("Expect: 100-continue").replace("HTTP/1.1", "HTTP/1.0"), sent],
  ["an empty line before the request", `\r\n${lines()}`, get],
  ["an empty value", lines("X-Evil:", "X-A: 1"), get],
  ["white space around values", only(["Host: \tgateway \t", `${auth} \t`, "Connection:close"]), get],
  ["names in other letters", only(["hOST: gateway", auth.replace("Authorization", "AUTHORIZATION"), "cONNECTION: close"]), get],
  ["a scheme in other letters", lines().replace("Bearer", "bEARER"), get],
  ["a host of another's name: it chooses nothing", lines().replace("Host: gateway", "Host: evil.example:6660"), get],
  ["a host that is an address", lines().replace("Host: gateway", "Host: [::1]:80"), get],
  ["an escaped letter in a path is that letter", head("/v1/properties/%31"), get],
  ["an escaped letter in a query", head("/v1/properties/1?%6cimit=%31"), { ...get, url: "/v1/properties/1?limit=1" }],
  ["chunked in other letters", chunks(`${size}\r\n${json}\r\n0\r\n\r\n`).replace(": chunked", ": ChUnKeD"), sent],
  ["one byte to a chunk", chunks(`${[...json].map((byte) => `1\r\n${byte}\r\n`).join("")}0\r\n\r\n`), sent],
  ["zeros before a chunk's size", chunks(`000${size}\r\n${json}\r\n000\r\n\r\n`), sent],
  ["chunk extensions that are called like framing", chunks(`${size};Content-Length=666;evil="a"\r\n${json}\r\n0;evil\r\n\r\n`), sent],
  ["a trailer that is called like framing", chunks(`${size}\r\n${json}\r\n0\r\nX-Content-Length: 666\r\n\r\n`), sent],
  [
    "trailers that would be a head",
    chunks(`${size}\r\n${json}\r\n0\r\nHost: evil\r\nAuthorization: Bearer evil\r\nX-A: evil\r\n\r\n`),
    sent,
  ],
  ["an identity in a trailer", chunks(`${size}\r\n${json}\r\n0\r\nAqueduto-Identity: evil\r\n\r\n`), sent],
  ["white space within the body is not passed on", post([`Content-Length: 22`, ...closing], '{ "property" :\t"1"\r\n }'), sent],
];
