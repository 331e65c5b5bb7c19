import fc from "fast-check";
import { expect, test } from "vitest";
import { duplicateMember } from "./duplicate-member.ts";

test.each<[string, (string | number)[] | undefined]>([
  ['{"a":1,"a":2}', ["a"]],
  ['{"a":1,"\\u0061":2}', ["a"]],
  ['{"a":{"b":1},"b":{"b":1}}', undefined],
  ['[{"a":1},{"a":1}]', undefined],
  ['[0,[1,{"x":",\\"{","y":[{"z":{},"z":{}}]}]]', [1, 1, "y", 0, "z"]],
  ['{"a":["a","a"],"b":"a"}', undefined],
  ['{"":1,"":2}', [""]],
  ['{"__proto__":1,"__proto__":2}', ["__proto__"]],
  ['"{\\"a\\":1,\\"a\\":2}"', undefined],
])("%s", (text, path) => {
  expect(duplicateMember(text)).toEqual(path);
});

test("what a program wrote has no member twice; with one member added again, in any object, it is found there", () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 4 }), fc.string(), (value, name) => {
      const text = JSON.stringify(value, undefined, 1);
      expect(duplicateMember(text)).toBeUndefined();
      const member = `${JSON.stringify(name)}:${text}`;
      expect(duplicateMember(`[1,{"outer":{${member} , ${member}}}]`)).toEqual([1, "outer", name]);
    }),
  );
});
