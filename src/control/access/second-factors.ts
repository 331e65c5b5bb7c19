import { AppError } from "../../contract/errors.ts";

/** The SHA-256 of a client certificate (RFC 8705, 3.1) from 64 hexadecimal digits; `invalid-field` for anything else. */
export function parseCertificateHash(text: string | null): Buffer | null {
  if (text === null) return null;
  if (!/^[0-9a-f]{64}$/.test(text)) refuse("certificate_sha256", "the SHA-256 of the certificate is expected: 64 hexadecimal digits");
  return Buffer.from(text, "hex");
}

/** A raw Ed25519 public key for RFC 9421 signatures from 43 base64url characters; `invalid-field` for anything else. */
export function parseSignatureKey(text: string | null): Buffer | null {
  if (text === null) return null;
  const key = Buffer.from(text, "base64url");
  if (!/^[A-Za-z0-9_-]{43}$/.test(text) || key.length !== 32 || key.toString("base64url") !== text)
    refuse("signature_key", "a raw Ed25519 public key is expected: 43 characters of base64url");
  return key;
}

function refuse(field: string, detail: string): never {
  throw new AppError("invalid-field", detail, { pointer: `/body/${field}` });
}
