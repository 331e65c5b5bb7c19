import { expect, test } from "vitest";
import { fieldMatcher, personalFields } from "./personal-fields.ts";

test("fields of a personal class are found, whatever holds them", () => {
  const leaf = (lgpd: string) => ({ type: "string", "x-lgpd": lgpd });
  const schema = { type: "object", properties: { a: leaf("identity"), b: leaf("none"), c: { type: "array", items: leaf("contact") } } };
  expect(personalFields(schema)).toEqual(["/a", "/c/*"]);
  expect(personalFields(null)).toEqual([]);
});

test.each([
  ["/phone", true],
  ["/phone/*", true],
  ["/phone/number", true],
  ["/items/*/cpf", true],
  ["/items/cpf", true],
  ["/items", true],
  ["/phones", false],
  ["/items/*/name", false],
])("%s holds what /phone and /items/*/cpf held: %s", (pointer, holds) => {
  expect(fieldMatcher(["/phone", "/items/*/cpf"])(pointer)).toBe(holds);
});
