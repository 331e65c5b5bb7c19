import { createHash } from "node:crypto";
import type { Keyring, Pepper } from "../../platform/keyring.ts";
import { tokenDigestOfHash } from "../../platform/token-digest.ts";

/** The form in which addresses are compared: NFKC, lower case. */
export function normalEmail(text: string): string {
  return text.normalize("NFKC").trim().toLowerCase();
}

/** Keyed hash by which an address is found: no row holds it in clear. */
export function emailHash(keyring: Keyring, email: string): { email_hash: Buffer; pepper_id: string } {
  const { pepper } = keyring;
  return { email_hash: hashWith(pepper, email), pepper_id: pepper.kid };
}

/** The hashes under which an address may stand: of the live pepper and the one before. */
export function emailHashes(keyring: Keyring, email: string): Buffer[] {
  const { pepper } = keyring;
  return [pepper, ...(pepper.previous === undefined ? [] : [pepper.previous])].map((one) => hashWith(one, email));
}

/**
 * Keyed hash of anything else that must be found but not read: an address of the network, a subject of a provider. Under
 * the reference key, which is not rotated, because there is nothing to make these hashes anew from.
 */
export function keyedHash(keyring: Keyring, kind: string, value: string): Buffer {
  return hashWith(keyring.reference, `${kind}\n${value}`);
}

function hashWith(pepper: Pepper, text: string): Buffer {
  return tokenDigestOfHash(pepper.key, createHash("sha256").update(text).digest());
}
