import { expect, test } from "vitest";
import { effectiveLevel, hasMaskedForm, isGrantable, isLgpdClass, isPublishableClass, lgpdClasses } from "./lgpd.ts";

const everythingFull = Object.fromEntries(lgpdClasses.map((name) => [name, "full"]));
const everythingMasked = Object.fromEntries(lgpdClasses.map((name) => [name, "masked"]));

test("a class that the license does not name is not shown", () => {
  expect(lgpdClasses.filter((name) => effectiveLevel(name, {}) !== "none")).toEqual(["none", "technical"]);
});

test("no license opens vulnerability, sensitive and never", () => {
  expect(lgpdClasses.filter((name) => effectiveLevel(name, everythingFull) === "none")).toEqual(["vulnerability", "sensitive", "never"]);
});

test("masked shows something only for classes that have a masked form", () => {
  expect(lgpdClasses.filter((name) => effectiveLevel(name, everythingMasked) === "masked")).toEqual(lgpdClasses.filter(hasMaskedForm));
  expect(effectiveLevel("financial", { financial: "masked" })).toBe("none");
});

test("an unknown level and an inherited property show nothing", () => {
  expect(effectiveLevel("identity", { identity: "FULL" })).toBe("none");
  expect(effectiveLevel("identity", Object.create({ identity: "full" }))).toBe("none");
});

test("grantable, publishable and known classes are told apart", () => {
  expect(lgpdClasses.filter(isGrantable)).toEqual(["indirect", "identity", "contact", "address", "financial", "consumption", "employee"]);
  expect(lgpdClasses.filter(isPublishableClass)).toEqual(["none", "technical"]);
  expect(isLgpdClass("person")).toBe(false);
});
