import { createHmac } from "node:crypto";
import type { Secret } from "../platform/secret.ts";

/** The three headers of Standard Webhooks 1.0.0. */
export type SignatureHeaders = { "webhook-id": string; "webhook-timestamp": string; "webhook-signature": string };

/** The key bytes of a `whsec_` secret. Throws RangeError unless it carries 24 to 64 bytes of base64. */
export function signingKey(secret: Secret): Buffer {
  const text = secret.reveal();
  const encoded = text.startsWith("whsec_") ? text.slice(6) : "";
  const key = Buffer.from(encoded, "base64");
  const canonical = key.toString("base64").replace(/=+$/, "");
  if (key.length < 24 || key.length > 64 || canonical !== encoded.replace(/=+$/, "")) {
    throw new RangeError("a signing secret is whsec_ and the base64 of 24 to 64 bytes");
  }
  return key;
}

/** `v1,<base64 HMAC-SHA-256 of id.timestamp.body>` (Standard Webhooks, symmetric signature). */
export function signV1(key: Buffer, message: { id: string; timestamp: number; body: string }): string {
  const mac = createHmac("sha256", key).update(`${message.id}.${message.timestamp}.`).update(message.body, "utf8");
  return `v1,${mac.digest("base64")}`;
}

/**
 * Headers of one attempt. `timestamp` is the attempt's time in whole Unix seconds; the id stays the same in every retry.
 * Throws RangeError for an id with a dot or a timestamp that is not a whole number: either would blur what is signed.
 */
export function signatureHeaders(key: Buffer, message: { id: string; timestamp: number; body: string }): SignatureHeaders {
  if (!/^[A-Za-z0-9_-]+$/.test(message.id)) throw new RangeError("the id of a message has letters, digits, _ and - only");
  if (!Number.isSafeInteger(message.timestamp) || message.timestamp < 0) throw new RangeError("the timestamp is in whole seconds");
  return {
    "webhook-id": message.id,
    "webhook-timestamp": String(message.timestamp),
    "webhook-signature": signV1(key, message),
  };
}
