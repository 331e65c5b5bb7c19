import { hash } from "node:crypto";
import { keyedHash } from "./keyed-hash.ts";

/** What is stored and looked up for a token: HMAC-SHA-256(pepper, SHA-256(token)), 32 bytes. */
export function tokenDigest(pepper: Buffer, token: string): Buffer {
  return tokenDigestOfHash(pepper, hash("sha256", token, "buffer"));
}

/** The same as latin1 text, one character per byte: the form that a lookup takes. */
export function tokenDigestText(pepper: Buffer, token: string): string {
  return keyedHash(pepper).text(Buffer.from(hash("sha256", token, "latin1"), "latin1"), "latin1");
}

/** The same for a client that registers SHA-256(token) alone. */
export function tokenDigestOfHash(pepper: Buffer, sha256: Buffer): Buffer {
  return keyedHash(pepper).bytes(sha256);
}
