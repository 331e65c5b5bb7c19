import { takeRandom } from "./random-pool.ts";

const alphabet = "0123456789abcdefghjkmnpqrstvwxyz";
const timeDigits = 10;
const randomDigits = 16;
/** The last millisecond that a Date can hold. */
const latestMs = 8.64e15;

let lastMs = -1;
/** The random digits of the last id, 0 to 31 each. */
const digits = new Uint8Array(randomDigits);

/**
 * A new id: `prefix_` + 26 characters, Crockford base32 of 48 bits of time (milliseconds) and 80 random bits (the form of
 * a ULID). Ids that one process makes later sort later: within a millisecond the random part is counted up.
 */
export function newId(prefix: string, nowMs: number = Date.now()): string {
  if (nowMs === lastMs && countUp()) return `${prefix}_${timePart(nowMs)}${randomPart()}`;
  const random = takeRandom(randomDigits);
  for (let i = 0; i < randomDigits; i += 1) digits[i] = (random[i] ?? 0) & 31;
  lastMs = nowMs;
  return `${prefix}_${timePart(nowMs)}${randomPart()}`;
}

/** When an id was made; undefined for a text that is none. */
export function idInstant(id: string): Date | undefined {
  const [, time] = /^[a-z]+_([0-9a-z]{10})[0-9a-z]{16}$/.exec(id) ?? [];
  if (time === undefined) return undefined;
  const ms = [...time].reduce((sum, digit) => sum * 32 + alphabet.indexOf(digit), 0);
  return ms >= 0 && ms <= latestMs ? new Date(ms) : undefined;
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

let timeText = { ms: -1, text: "" };

/** Many ids are made in one millisecond: its text is kept. */
function timePart(nowMs: number): string {
  if (timeText.ms !== nowMs) timeText = { ms: nowMs, text: timeOf(nowMs) };
  return timeText.text;
}

function timeOf(nowMs: number): string {
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
