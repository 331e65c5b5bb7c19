import { makeToken } from "../test-policy.ts";

/** Bytes that must be refused with a status; the reason is why a lax reader would be a hole. */
export type HostileRequest = [why: string, bytes: string | Buffer, status: number];

/** The one good token of the corpus. */
export const token = makeToken();
export const auth = `Authorization: Bearer ${token}`;

export const head = (target: string, lines: string[] = [], version = "HTTP/1.1"): string =>
  [`GET ${target} ${version}`, "Host: gateway", auth, ...lines, "Connection: close", "", ""].join("\r\n");

export const post = (lines: string[], body: string): string =>
  ["POST /v1/requests HTTP/1.1", "Host: gateway", auth, "Content-Type: application/json", ...lines, "", body].join("\r\n");

/** A GET whose lines behind the request line are these alone. */
export const only = (lines: string[], first = "GET /v1/properties/1 HTTP/1.1"): string => [first, ...lines, "", ""].join("\r\n");

export const chunked = (body: string): string => post(["Transfer-Encoding: chunked"], body);

/** A request of its own, where another reader sees a body. */
export const smuggled = `GET /v1/properties/1 HTTP/1.1\r\nHost: gateway\r\n${auth}\r\n\r\n`;
