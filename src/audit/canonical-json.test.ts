import fc from "fast-check";
import { expect, test } from "vitest";
import { canonicalJson, type Json } from "./canonical-json.ts";

// RFC 8785, section 3.2.3: the example of sorting, and 3.2.2: the example of serialization
test("keys are sorted by UTF-16 code units, as RFC 8785 shows", () => {
  const value = {
    "\u20ac": "Euro Sign",
    "\r": "Carriage Return",
    "\ufb33": "Hebrew Letter Dalet With Dagesh",
    "1": "One",
    "\ud83d\ude00": "Emoji: Grinning Face",
    "\u0080": "Control",
    "\u00f6": "Latin Small Letter O With Diaeresis",
  };
  const keys = [...canonicalJson(value).matchAll(/"([^"]*)":/g)].map((match) => match[1]);
  expect(keys).toEqual(["\\r", "1", "\u0080", "\u00f6", "\u20ac", "\ud83d\ude00", "\ufb33"]);
});

test("numbers, texts and literals are written as RFC 8785 shows", () => {
  const value: Json = {
    numbers: [Number("333333333.33333329"), 1e30, 4.5, 2e-3, 0.000000000000000000000000001],
    string: '\u20ac$\u000f\nA\'B"\\\\"/',
    literals: [null, true, false],
  };
  expect(canonicalJson(value)).toBe(
    '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
  );
});

test("the order in which keys were set makes no difference", () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
      const turned = Object.fromEntries(Object.entries(value).toReversed());
      expect(canonicalJson(asJson(turned))).toBe(canonicalJson(asJson(value)));
      expect(JSON.parse(canonicalJson(asJson(value)))).toEqual(JSON.parse(JSON.stringify(value)));
    }),
  );
});

test.each([
  ["NaN", Number.NaN],
  ["infinity", Number.POSITIVE_INFINITY],
  ["a lone surrogate", "\ud800"],
  ["a lone surrogate in a key", { "\udc00": 1 }],
  ["undefined", asJson({ a: undefined })],
  ["a bigint", asJson({ a: 1n })],
])("%s is refused", (_case, value) => {
  expect(() => canonicalJson(value)).toThrow(TypeError);
});

// a guard that guards nothing: the last cases hand in what the type forbids, on purpose
function isJson(_value: unknown): _value is Json {
  return true;
}

function asJson(value: unknown): Json {
  return isJson(value) ? value : null;
}
