import { randomBase62 } from "../random-text.ts";

const keyPattern = /^aqk_[0-9A-Za-z]{43}$/;

/** A new admin API key: `aqk_` and 43 random base62 characters (256 bits). */
export function newApiKeyText(): string {
  return `aqk_${randomBase62(43)}`;
}

/** Whether a text can be an admin API key at all. */
export function isApiKeyText(text: string): boolean {
  return keyPattern.test(text);
}
