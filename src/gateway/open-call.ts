import type { Clock } from "../platform/clock.ts";
import { newId } from "../platform/ids.ts";
import type { Call } from "./call.ts";
import type { Inbound } from "./http/transport.ts";
import { clientAddress } from "./policy/addresses.ts";

type OpenWith = { clock: Clock; isTrustedProxy(address: string): boolean };

/** A call as it begins: ids and time are ours, the address is the peer's or a trusted proxy's word, nothing is checked yet. */
export function openCall(inbound: Inbound, parts: OpenWith): Call {
  const at = parts.clock.now();
  return {
    requestId: newId("req", at.getTime()),
    entryId: newId("aud", at.getTime()),
    at,
    startedMs: parts.clock.monotonicMs(),
    // a method that is no known one may hold anything
    method: /^[A-Z]{1,10}$/.test(inbound.method) ? inbound.method : "*",
    path: "",
    query: "",
    address: clientAddress(inbound.peer, inbound.headers.forwardedFor, (address) => parts.isTrustedProxy(address)),
    headers: inbound.headers,
    hasBody: inbound.hasBody,
    readBody: (limitBytes) => inbound.readBody(limitBytes),
    seen: {},
  };
}

/** What stands for a request that could not be read. */
export function nothingRead(peer: string): Inbound {
  const headers = {
    host: undefined,
    contentType: undefined,
    contentLength: undefined,
    transferEncoding: undefined,
    origin: undefined,
    userAgent: undefined,
    expect: undefined,
    upgrade: undefined,
    forwardedFor: undefined,
    requestedMethod: undefined,
    requestedHeaders: undefined,
    acceptLanguage: undefined,
    repeated: [],
  };
  return { method: "*", target: "", httpVersion: "", headers, peer, hasBody: false, readBody: () => Promise.resolve("aborted") };
}
