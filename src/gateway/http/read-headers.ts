/**
 * What the gateway takes from a request's headers. Everything else a client sends is dropped here: hop-by-hop headers
 * (RFC 9110 7.6.1), cookies, forwarding claims, and every header that the platform sets itself.
 */
export type TakenHeaders = {
  host: string | undefined;
  contentType: string | undefined;
  contentLength: string | undefined;
  transferEncoding: string | undefined;
  origin: string | undefined;
  userAgent: string | undefined;
  expect: string | undefined;
  upgrade: string | undefined;
  forwardedFor: string | undefined;
  requestedMethod: string | undefined;
  requestedHeaders: string | undefined;
  acceptLanguage: string | undefined;
  /** RFC 9421 and RFC 9530. */
  signature: string | undefined;
  signatureInput: string | undefined;
  contentDigest: string | undefined;
  /** RFC 9440; a claim like those of forwarding. */
  clientCert: string | undefined;
  /** Names of single-valued headers that came more than once. */
  repeated: string[];
  /** False when a value holds a control character or bytes beyond ASCII (RFC 9110 5.5). */
  isPlain: boolean;
};

type Slot = Exclude<keyof TakenHeaders, "repeated" | "isPlain"> | "authorization";

const slots: ReadonlyMap<string, Slot> = new Map<string, Slot>([
  ["authorization", "authorization"],
  ["host", "host"],
  ["content-type", "contentType"],
  ["content-length", "contentLength"],
  ["transfer-encoding", "transferEncoding"],
  ["origin", "origin"],
  ["user-agent", "userAgent"],
  ["expect", "expect"],
  ["upgrade", "upgrade"],
  ["x-forwarded-for", "forwardedFor"],
  ["access-control-request-method", "requestedMethod"],
  ["access-control-request-headers", "requestedHeaders"],
  ["accept-language", "acceptLanguage"],
  ["signature", "signature"],
  ["signature-input", "signatureInput"],
  ["content-digest", "contentDigest"],
  ["client-cert", "clientCert"],
]);

/** Headers that may carry a credential: their values are overwritten where they stand, whether we use them or not. */
const credentials = new Set(["authorization", "proxy-authorization", "cookie", "x-api-key", "api-key", "x-access-token", "x-auth-token"]);
const notPlain = /[^\t\x20-\x7e]/;
const overwritten = "[taken]";

/**
 * One pass over `rawHeaders` (name, value, name, value...). Credential values are overwritten in place, so that after
 * this call `authorization` in the result is the only copy that the program can reach.
 */
export function readHeaders(rawHeaders: string[]): { headers: TakenHeaders; authorization: string | undefined } {
  const taken: Record<Slot, string | undefined> = emptySlots();
  const repeated: string[] = [];
  let isPlain = true;
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = (rawHeaders[i] ?? "").toLowerCase();
    const value = rawHeaders[i + 1] ?? "";
    if (credentials.has(name)) rawHeaders[i + 1] = overwritten;
    if (notPlain.test(value)) isPlain = false;
    const slot = slots.get(name);
    if (slot === undefined) continue;
    if (taken[slot] !== undefined) joinOrReport(taken, slot, { name, value, repeated });
    else taken[slot] = value;
  }
  const { authorization, ...headers } = taken;
  return { headers: { ...headers, repeated, isPlain }, authorization };
}

/** Forwarding claims and languages are lists and may come in several lines; of every other header here there may be one. */
function joinOrReport(
  taken: Record<Slot, string | undefined>,
  slot: Slot,
  more: { name: string; value: string; repeated: string[] },
): void {
  if (slot === "forwardedFor" || slot === "acceptLanguage") taken[slot] = `${taken[slot]}, ${more.value}`;
  else more.repeated.push(more.name);
}

function emptySlots(): Record<Slot, string | undefined> {
  return {
    authorization: undefined,
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
  };
}
