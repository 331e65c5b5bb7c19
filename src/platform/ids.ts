import { randomFillSync } from "node:crypto";

const alphabet = "0123456789abcdefghjkmnpqrstvwxyz";
const timeDigits = 10;
const randomDigits = 16;

let lastMs = -1;
/** The random digits of the last id, 0 to 31 each. */
const digits = new Uint8Array(randomDigits);

/**
 * A new id: `prefix_` + 26 characters, Crockford base32 of 48 bits of time (milliseconds) and 80 random bits (the form of
 * a ULID). Ids that one process makes later sort later: within a millisecond the random part is counted up.
 */
export function newId(prefix: string, nowMs: number = Date.now()): string {
  if (nowMs === lastMs && countUp()) return `${prefix}_${timePart(nowMs)}${randomPart()}`;
  randomFillSync(digits);
  for (let i = 0; i < randomDigits; i += 1) digits[i] = (digits[i] ?? 0) & 31;
  lastMs = nowMs;
  return `${prefix}_${timePart(nowMs)}${randomPart()}`;
}

/** False when the random part was at its end and has started again from zero. */
function countUp(): boolean {
  for (let i = randomDigits - 1; i >= 0; i -= 1) {
    const digit = digits[i] ?? 0;
    digits[i] = (digit + 1) & 31;
    if (digit < 31) return true;
  }
  return false;
}

function timePart(nowMs: number): string {
  let text = "";
  let rest = nowMs;
  for (let i = 0; i < timeDigits; i += 1) {
    text = `${alphabet[rest % 32]}${text}`;
    rest = Math.floor(rest / 32);
  }
  return text;
}

function randomPart(): string {
  let text = "";
  for (const digit of digits) text += alphabet[digit];
  return text;
}
