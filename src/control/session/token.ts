import { createHash, createHmac, randomBytes, timingSafeEqual } from "node:crypto";

const form = /^[A-Za-z0-9_-]{43}$/;

/** A new session's secret: 256 random bits. */
export function newSessionToken(): string {
  return randomBytes(32).toString("base64url");
}

/** SHA-256 of a session's secret, by which its row is found; undefined for a text that cannot be one. */
export function sessionDigest(token: string): Buffer | undefined {
  return form.test(token) ? createHash("sha256").update(token).digest() : undefined;
}

/** What a page must send back with each change: it follows from the secret, which pages of other sites never see. */
export function csrfOf(token: string): string {
  return createHmac("sha256", token).update("aqueduto-csrf").digest("base64url");
}

/** Whether a header is the session's csrf value. */
export function isCsrfOf(token: string, given: string): boolean {
  const expected = Buffer.from(csrfOf(token));
  const actual = Buffer.from(given);
  return expected.length === actual.length && timingSafeEqual(expected, actual);
}
