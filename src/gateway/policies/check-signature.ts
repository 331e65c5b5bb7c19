import { type KeyObject, verify } from "node:crypto";
import type { Call } from "../call.ts";
import type { AccessPolicy } from "../policy/snapshot.ts";
import { Refusal } from "../refusal.ts";
import { holdsDigest } from "../signature/content-digest.ts";
import { parseSignature, type SignatureClaim } from "../signature/parse-signature.ts";
import type { ReplayCache } from "../signature/replay-cache.ts";
import { signatureBase } from "../signature/signature-base.ts";

/** How old a signature may be, and how far the caller's clock may be ahead. */
const maxAgeSeconds = 60;
const maxAheadSeconds = 30;
/** How long a signature has to be remembered: as long as it can be good. */
export const signatureKeptMs = (maxAgeSeconds + maxAheadSeconds) * 1000;

/**
 * Step 6, the signature (RFC 9421, Ed25519) of an access that has a signature key: it covers method, authority, path, query and the
 * digest of the body (RFC 9530), is at most a minute old, and is good once. After the limit, so that nobody makes the node
 * verify more signatures than it may make calls. The body is held against the signed digest when it is read.
 */
export function checkSignature(call: Call, access: AccessPolicy, replays: ReplayCache): void {
  if (access.signatureKey === undefined) return;
  const claim = readClaim(call);
  checkClaim(call, claim, access.accessId);
  checkCovered(call, claim);
  checkBytes(call, claim, access.signatureKey);
  refuseReplay(call, claim, { accessId: access.accessId, replays });
  bindBody(call);
}

function readClaim({ headers }: Call): SignatureClaim {
  const { signature, signatureInput } = headers;
  if (signature === undefined || signatureInput === undefined)
    throw unsigned("signature-missing", "Calls of this access are signed: send Signature-Input and Signature (RFC 9421).");
  const claim = parseSignature(signatureInput, signature);
  if (claim === undefined) throw unsigned("signature-form", "Send one signature, in the canonical spelling of RFC 9421.");
  return claim;
}

function checkClaim(call: Call, { created, expires, keyid, alg }: SignatureClaim, accessId: string): void {
  if (keyid !== accessId) throw unsigned("signature-key", "keyid must be the id of the access.");
  if (alg !== undefined && alg !== "ed25519") throw unsigned("signature-alg", "The algorithm must be ed25519.");
  const nowSeconds = call.at.getTime() / 1000;
  if (created === undefined || created < nowSeconds - maxAgeSeconds || created > nowSeconds + maxAheadSeconds)
    throw unsigned("signature-created", `created must be the time of the call, at most ${maxAgeSeconds} s ago.`);
  if (expires !== undefined && expires <= nowSeconds) throw unsigned("signature-expired", "The signature has expired.");
}

function checkCovered(call: Call, { components }: SignatureClaim): void {
  const whole = components.includes("@target-uri");
  const needed = ["@method"];
  if (!whole) needed.push("@authority", "@path");
  if (!whole && call.query !== "") needed.push("@query");
  if (call.hasBody) needed.push("content-digest");
  const missing = needed.find((component) => !components.includes(component));
  if (missing !== undefined) throw unsigned("signature-covers", `The signature must cover ${missing}.`);
}

function checkBytes(call: Call, claim: SignatureClaim, key: KeyObject): void {
  const base = signatureBase(claim, (component) => valueOf(call, component));
  if (base === undefined)
    throw unsigned("signature-components", "The signature covers something that is not sent or cannot be covered here.");
  if (!verify(null, Buffer.from(base, "latin1"), key, claim.signature))
    throw unsigned("signature-wrong", "The signature does not fit the call.");
}

function valueOf(call: Call, component: string): string | undefined {
  const { host, contentType, contentLength, contentDigest } = call.headers;
  switch (component) {
    case "@method":
      return call.method;
    case "@authority":
      return authorityOf(host);
    case "@path":
      return call.path;
    case "@query":
      return `?${call.query}`;
    case "@target-uri":
      // what a client of a platform without clear text calls
      return `https://${authorityOf(host)}${call.path}${call.query === "" ? "" : `?${call.query}`}`;
    case "content-type":
      return contentType;
    case "content-length":
      return contentLength;
    case "content-digest":
      return contentDigest;
    default:
      return undefined;
  }
}

/** RFC 9421 2.2.3: lower case, without the scheme's own port. */
function authorityOf(host: string | undefined): string {
  return (host ?? "").toLowerCase().replace(/:(443|80)$/, "");
}

function refuseReplay(call: Call, claim: SignatureClaim, of: { accessId: string; replays: ReplayCache }): void {
  const verdict = of.replays.add(of.accessId, claim.signature.toString("base64"), call.at.getTime());
  if (verdict === "seen") throw unsigned("signature-replayed", "This signature was used before: sign each call anew, with a nonce.");
  if (verdict === "full")
    throw new Refusal("too-many-requests", {
      clause: "signature-replays-full",
      detail: "More signed calls than can be told apart. Try again later.",
      showClause: true,
      retryAfterSeconds: maxAgeSeconds,
    });
}

function bindBody(call: Call): void {
  const digest = call.headers.contentDigest;
  if (!call.hasBody || digest === undefined) return;
  const { readBody } = call;
  call.readBody = async (limitBytes) => {
    const body = await readBody(limitBytes);
    if (typeof body !== "string" && !holdsDigest(digest, body))
      throw unsigned("content-digest", "Content-Digest does not fit the body: send its SHA-256 or SHA-512.");
    return body;
  };
}

function unsigned(clause: string, detail: string): Refusal {
  return new Refusal("forbidden", { clause, detail, showClause: true });
}
