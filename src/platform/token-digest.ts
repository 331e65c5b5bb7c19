import { createHash, createHmac } from "node:crypto";

/** What is stored and looked up for a token: HMAC-SHA-256(pepper, SHA-256(token)), 32 bytes. */
export function tokenDigest(pepper: Buffer, token: string): Buffer {
  return tokenDigestOfHash(pepper, createHash("sha256").update(token).digest());
}

/** The same for a client that registers SHA-256(token) alone. */
export function tokenDigestOfHash(pepper: Buffer, sha256: Buffer): Buffer {
  return createHmac("sha256", pepper).update(sha256).digest();
}
