import { hash } from "node:crypto";
import type { Clock } from "../platform/clock.ts";
import { newId } from "../platform/ids.ts";
import type { Call } from "./call.ts";
import type { Inbound } from "./http/transport.ts";
import { clientAddress, plainAddress } from "./policy/addresses.ts";

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
    certificate: certificateOf(inbound, parts),
    headers: inbound.headers,
    hasBody: inbound.hasBody,
    readBody: (limitBytes) => inbound.readBody(limitBytes),
    seen: {},
  };
}

/** The client's certificate: the connection's own, or, when the peer is a trusted proxy, the one that it names (RFC 9440). */
function certificateOf({ peer, headers, clientCertificate }: Inbound, parts: OpenWith): string | undefined {
  if (headers.clientCert === undefined && clientCertificate === undefined) return undefined;
  // the certificate of a proxy's connection is the proxy's
  if (!parts.isTrustedProxy(plainAddress(peer) ?? peer)) return clientCertificate;
  const der = /^:([A-Za-z0-9+/]+={0,2}):$/.exec(headers.clientCert ?? "")?.[1];
  return der === undefined ? undefined : hash("sha256", Buffer.from(der, "base64"), "hex");
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
    signature: undefined,
    signatureInput: undefined,
    contentDigest: undefined,
    clientCert: undefined,
    repeated: [],
    isPlain: true,
  };
  return {
    method: "*",
    target: "",
    httpVersion: "",
    headers,
    peer,
    clientCertificate: undefined,
    hasBody: false,
    readBody: () => Promise.resolve("aborted"),
  };
}
