import { crc32 as nodeCrc32 } from "node:zlib";
import fc from "fast-check";
import { expect, test } from "vitest";
import { crc32, formatToken, parseToken } from "./token-format.ts";

const base62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const random32 = fc.string({ unit: fc.constantFrom(...base62), minLength: 32, maxLength: 32 });
const mode = fc.constantFrom("live" as const, "test" as const);

test("the checksum is the CRC-32 everyone else computes", () => {
  expect(crc32("123456789")).toBe(0xcbf43926);
  fc.assert(fc.property(fc.string({ unit: fc.constantFrom(...base62, "_") }), (text) => crc32(text) === nodeCrc32(text)));
});

test("a formatted token parses to its mode", () => {
  fc.assert(
    fc.property(mode, random32, (m, random) => {
      const token = formatToken(m, random);
      expect(token).toMatch(/^aq_(live|test)_[0-9A-Za-z]{38}$/);
      expect(parseToken(token)).toEqual({ mode: m });
    }),
  );
});

test("one changed character makes a token unreadable", () => {
  fc.assert(
    fc.property(mode, random32, fc.nat({ max: 45 }), fc.constantFrom(...base62), (m, random, at, other) => {
      const token = formatToken(m, random);
      fc.pre(token[at] !== other);
      expect(parseToken(token.slice(0, at) + other + token.slice(at + 1))).toBeUndefined();
    }),
  );
});

test("any other text is no token and never throws", () => {
  fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => parseToken(text) === undefined));
  expect(parseToken(`${formatToken("live", "0".repeat(32))}\n`)).toBeUndefined();
});

test("the checksum is big-endian and zero-padded", () => {
  // crc32("aq_test_" + 31 zeros + "B") written out by hand in base62
  const head = `aq_test_${"0".repeat(31)}B`;
  let rest = nodeCrc32(head);
  const digits = Array.from({ length: 6 }, () => {
    const digit = base62.charAt(rest % 62);
    rest = Math.floor(rest / 62);
    return digit;
  });
  expect(formatToken("test", `${"0".repeat(31)}B`)).toBe(head + digits.reverse().join(""));
});

test("a random part of another length or alphabet is refused", () => {
  expect(() => formatToken("live", "short")).toThrow(RangeError);
  expect(() => formatToken("live", "-".repeat(32))).toThrow(RangeError);
});
