import { randomBytes } from "node:crypto";

const base62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/** The largest multiple of 62 within a byte: bytes above are thrown away, so every character is equally likely. */
const fair = 248;

/** `length` random base62 characters (5.95 bits each) from the system's generator. */
export function randomBase62(length: number): string {
  let text = "";
  while (text.length < length) {
    for (const byte of randomBytes(length)) if (byte < fair && text.length < length) text += base62.charAt(byte % 62);
  }
  return text;
}
