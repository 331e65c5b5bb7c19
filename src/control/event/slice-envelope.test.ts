import fc from "fast-check";
import { expect, test } from "vitest";
import { sliceEnvelope } from "./slice-envelope.ts";

const texts = (text: string) => sliceEnvelope(text).items.map((item) => item.text);

test("an item keeps its exact text, without the blanks around it", () => {
  const item = `{"idtransaction" : 1.0,\n "valorpago":10.50, "s":"a\\"}]\\\\" }`;
  expect(sliceEnvelope(` { "client-transaction" : [ ${item}\t, {"b":[1,{"c":null}]} ] } `)).toEqual({
    type: "client-transaction",
    items: [
      { text: item, value: { idtransaction: 1, valorpago: 10.5, s: 'a"}]\\' } },
      { text: `{"b":[1,{"c":null}]}`, value: { b: [1, { c: null }] } },
    ],
  });
});

test("however an envelope is written, its items' texts parse to the items", () => {
  const plainNumber = fc.jsonValue({ maxDepth: 3 }).filter((value) => !/\de[+-]?\d/.test(JSON.stringify(value)));
  const item = fc.dictionary(fc.string(), plainNumber, { maxKeys: 4 });
  const blank = fc.constantFrom("", " ", "\n", "\t ", "\r\n");
  fc.assert(
    fc.property(fc.string(), fc.array(item, { minLength: 1, maxLength: 5 }), blank, (type, items, gap) => {
      const body = items.map((one) => JSON.stringify(one, undefined, gap === "" ? undefined : 1));
      const text = `${gap}{${gap}${JSON.stringify(type)}${gap}:${gap}[${gap}${body.join(`${gap},${gap}`)}${gap}]${gap}}${gap}`;
      const sliced = sliceEnvelope(text);
      expect(sliced.type).toBe(type);
      expect(sliced.items.map((one) => one.text)).toEqual(body);
    }),
  );
});

function outcomeOf(text: string): string {
  try {
    sliceEnvelope(text);
    return "sliced";
  } catch (error) {
    return String(Reflect.get(Object(error), "code"));
  }
}

test("any text is either sliced or refused with a code", () => {
  const near = fc.string({ unit: fc.constantFrom("{", "}", "[", "]", '"', ":", ",", "a", "1", " ", "\\", "null") });
  fc.assert(
    fc.property(near, (text) => ["sliced", "bad-request", "invalid-field"].includes(outcomeOf(text))),
    { numRuns: 500 },
  );
});

test.each([
  ["{}", "/body"],
  ["[]", "/body"],
  ["null", "/body"],
  ['"x"', "/body"],
  ['{"a":[1],"b":[2]}', "/body"],
  ['{"a":{}}', "/body/a"],
  ['{"a":[]}', "/body/a"],
  ['{"a/b~":[]}', "/body/a~1b~0"],
  ['{"a":[{"x":1,"\\u0078":2}]}', "/body/a/0/x"],
  ['{"a":[1],"a":[{"x":1}]}', "/body/a"],
  ['{"a":[{"x":{"y":[0,-1E+2]}}]}', "/body/a/0/x/y/1"],
] as const)("%s is refused at %s", (text, pointer) => {
  expect(() => sliceEnvelope(text)).toThrow(expect.objectContaining({ code: "invalid-field", pointer }));
});

test("what is not JSON is a bad request", () => {
  for (const text of ["", "{", '{"a":[1,]}', '{"a":[01]}', "{'a':[1]}", '{"a":[1]}x', '{"a":[NaN]}']) {
    expect(() => sliceEnvelope(text)).toThrow(expect.objectContaining({ code: "bad-request" }));
  }
});

test("nesting without end is refused, not followed", () => {
  const deep = `{"a":[${"[".repeat(200_000)}${"]".repeat(200_000)}]}`;
  expect(() => sliceEnvelope(deep)).toThrow(expect.objectContaining({ code: "invalid-field" }));
  expect(texts(`{"a":[${"[".repeat(20)}${"]".repeat(20)}]}`)).toHaveLength(1);
});
