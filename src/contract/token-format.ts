/** What a token's prefix says about the access it belongs to. */
export type TokenMode = "live" | "test";

const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const tokenPattern = /^aq_(live|test)_[0-9A-Za-z]{38}$/;
const randomPattern = /^[0-9A-Za-z]{32}$/;
const checkLength = 6;

/**
 * An issued token: `aq_live_` or `aq_test_`, 32 base62 characters, then the CRC-32 of everything before it as
 * 6 base62 digits (big-endian, zero-padded). Throws RangeError when `random32` is not 32 base62 characters.
 */
export function formatToken(mode: TokenMode, random32: string): string {
  if (!randomPattern.test(random32)) throw new RangeError("the random part must be 32 base62 characters");
  const head = `aq_${mode}_${random32}`;
  return head + checkDigits(head);
}

/**
 * The mode of a well-formed issued token with a right checksum, else undefined. Never throws; decides offline whether
 * a text can be a token at all, and says nothing about whether it is valid.
 */
export function parseToken(text: string): { mode: TokenMode } | undefined {
  if (!tokenPattern.test(text)) return undefined;
  const head = text.slice(0, -checkLength);
  if (checkDigits(head) !== text.slice(-checkLength)) return undefined;
  return { mode: text.startsWith("aq_live_") ? "live" : "test" };
}

function checkDigits(text: string): string {
  let rest = crc32(text);
  let digits = "";
  for (let i = 0; i < checkLength; i += 1) {
    digits = alphabet.charAt(rest % 62) + digits;
    rest = Math.floor(rest / 62);
  }
  return digits;
}

/** CRC-32 (ISO-HDLC, reflected polynomial 0xEDB88320) of an ASCII text, as an unsigned number. */
export function crc32(ascii: string): number {
  let crc = 0xffffffff;
  for (let i = 0; i < ascii.length; i += 1) {
    crc ^= ascii.charCodeAt(i) & 0xff;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}
