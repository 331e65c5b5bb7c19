import { timingSafeEqual } from "node:crypto";
import { keyedHash } from "./keyed-hash.ts";

/** Claims of a signed header: any JSON object with an expiry in Unix seconds. */
export type Claims = Record<string, string | number> & { exp: number };

function mac(key: Buffer, text: string): Buffer {
  return keyedHash(key).bytes(text);
}

/** `v1.<base64url JSON>.<base64url HMAC-SHA-256>`: short-lived proof to a peer that shares the key. */
export function signClaims(key: Buffer, claims: Claims): string {
  const head = `v1.${Buffer.from(JSON.stringify(claims)).toString("base64url")}`;
  return `${head}.${keyedHash(key).text(head, "base64url")}`;
}

/** The claims when the signature holds and `exp` has not passed; else undefined. Never throws. */
export function verifyClaims(key: Buffer, value: string, nowSeconds: number): Claims | undefined {
  const cut = value.lastIndexOf(".");
  if (cut < 0 || !value.startsWith("v1.")) return undefined;
  const given = Buffer.from(value.slice(cut + 1), "base64url");
  const expected = mac(key, value.slice(0, cut));
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return undefined;
  const claims = parseClaims(value.slice(3, cut));
  return claims !== undefined && claims.exp > nowSeconds ? claims : undefined;
}

function parseClaims(part: string): Claims | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, "base64url").toString());
    return isClaims(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isClaims(value: unknown): value is Claims {
  return typeof value === "object" && value !== null && "exp" in value && typeof value.exp === "number";
}
