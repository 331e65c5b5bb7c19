import fc from "fast-check";
import { expect, test } from "vitest";
import { formatExact, isExactNumber, parseExact, type ExactJson } from "./exact-json.ts";

/** What JSON.parse makes of a text, written down again; undefined when it refuses it. */
function byRuntime(text: string): string | undefined {
  try {
    return JSON.stringify(JSON.parse(text));
  } catch {
    return undefined;
  }
}

function plain(value: ExactJson): unknown {
  if (isExactNumber(value)) return Number(value.rawJSON);
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, plain(member)]));
}

function byOurs(text: string): string | undefined {
  try {
    return JSON.stringify(plain(parseExact(text)));
  } catch (error) {
    expect(error).toBeInstanceOf(SyntaxError);
    return undefined;
  }
}

const documents = fc.json({ maxDepth: 5 });

test("it reads what JSON.parse reads, in any spacing", () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 5 }), fc.constantFrom(0, 1, "\t", "\n \r"), (value, space) => {
      const text = JSON.stringify(value, undefined, space);
      expect(byOurs(text)).toBe(byRuntime(text));
    }),
  );
});

test("it refuses what JSON.parse refuses: a text with a character put in, taken out or changed", () => {
  const characters = [...'{}[],:"\\0123456789.eE+-truefalsn /\t\n\u0000\u0007\u00a0\ufeff'];
  fc.assert(
    fc.property(documents, fc.nat(), fc.nat({ max: 1 }), fc.constantFrom("", ...characters), (text, place, cut, put) => {
      const at = place % (text.length + 1);
      const broken = text.slice(0, at) + put + text.slice(at + cut);
      expect(byOurs(broken)).toBe(byRuntime(broken));
    }),
    { numRuns: 3_000 },
  );
});

test.each([
  "",
  " ",
  "01",
  "-",
  "1.",
  ".5",
  "1e",
  "+1",
  "NaN",
  "[1,]",
  "{,}",
  '{"a":1,}',
  '{"a" 1}',
  "{a:1}",
  "[1]]",
  '"\\x"',
  '"\\u12"',
  '"a\nb"',
  '"a',
  '"a\\',
  "tru",
  "nullx",
  "\ufeff{}",
])("refuses %j", (text) => {
  expect([byOurs(text), byRuntime(text)]).toEqual([undefined, undefined]);
});

test("numbers keep their literal, keys and texts their characters", () => {
  const text = '{"a":10.50,"b":[12345678901234567890.10,-0,1e3],"c\\"\\u0041":"\\ud83d\\ude00\\ud800","__proto__":{"x":1}}';
  expect(formatExact(parseExact(text))).toBe(
    '{"a":10.50,"b":[12345678901234567890.10,-0,1e3],"c\\"A":"\u{1f600}\\ud800","__proto__":{"x":1}}',
  );
  expect(formatExact(parseExact('[{"a":1,"b":2},{"b":3,"a":4},{"\\u0061":5,"a":6,"b":7},{}]'))).toBe(
    '[{"a":1,"b":2},{"b":3,"a":4},{"a":6,"b":7},{}]',
  );
});

test("what nests too deep is refused and costs no stack", () => {
  expect(() => parseExact("[".repeat(100_000))).toThrow(SyntaxError);
  expect(() => parseExact('{"a":'.repeat(129))).toThrow(SyntaxError);
});
