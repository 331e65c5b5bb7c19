import { expect, test } from "vitest";
import { checkPath, pathParameters } from "./path-template.ts";

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
