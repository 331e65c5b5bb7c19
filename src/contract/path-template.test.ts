import { expect, test } from "vitest";
import { checkPath, clashingPath, pathParameters } from "./path-template.ts";

test.each(["/v1/properties/{ref}", "/a", "/a/b-c_d.e~f", "/{a}/{b}"])("%s is a path template", (path) => {
  expect(checkPath(path)).toBeUndefined();
});

test.each([
  "",
  "/",
  "a",
  "/a/",
  "/a//b",
  "/a/..",
  "/./a",
  "/a?b",
  "/a#b",
  "/a%2fb",
  "/{a}{b}",
  "/x{a}",
  "/{}",
  "/{1}",
  "/{a}/{a}",
  "/ü",
  `/${"a".repeat(500)}`,
])("%j is none", (path) => {
  expect(checkPath(path)).toEqual(expect.any(String));
});

test("parameters are named in order", () => {
  expect(pathParameters("/a/{b}/c/{d}")).toEqual(["b", "d"]);
});

test.each([
  ["/a/{x}", "/a/{y}", true],
  ["/a/b", "/a/b", true],
  ["/a/{x}/c", "/a/b/{y}", true],
  ["/a/{x}", "/a/b", false],
  ["/a/{x}/c", "/a/{y}/d", false],
  ["/a/{x}", "/a/{x}/c", false],
  ["/a/b/{y}", "/a/{x}/{z}", false],
])("%s beside %s is ambiguous: %s", (one, two, ambiguous) => {
  expect(clashingPath(one, [two])).toBe(ambiguous ? two : undefined);
  expect(clashingPath(two, [one])).toBe(ambiguous ? one : undefined);
});
