import fc from "fast-check";
import { expect, test } from "vitest";
import { Refusal } from "../refusal.ts";
import { makeToken } from "../testing/test-policy.ts";
import { checkTarget } from "./check-target.ts";

function accepted(target: string): boolean {
  try {
    checkTarget(target);
    return true;
  } catch (error) {
    if (error instanceof Refusal) return false;
    throw error;
  }
}

test("a plain target comes apart into path and query as it was sent", () => {
  expect(checkTarget("/v1/properties/1?limit=5&x=%2F")).toEqual({ path: "/v1/properties/1", query: "limit=5&x=%2F" });
  expect(checkTarget("/v1/properties/a%20b")).toEqual({ path: "/v1/properties/a%20b", query: "" });
  expect(checkTarget("/")).toEqual({ path: "/", query: "" });
  expect(checkTarget("/v1/")).toEqual({ path: "/v1/", query: "" });
});

test("however often an accepted path is decoded, its segments stay the same and none is a dot segment", () => {
  const piece = fc.constantFrom(
    "a",
    "1",
    ".",
    "..",
    "/",
    "%2f",
    "%2F",
    "%2e",
    "%252e",
    "%5c",
    "\\",
    ";",
    "%00",
    "%20",
    "%c3%a7",
    "%",
    "é",
    "?",
    "=",
    "&",
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
      const target = `/${pieces.join("")}`;
      if (!accepted(target)) return;
      const { path } = checkTarget(target);
      const once = decodeURIComponent(path);
      const twice = decodeURIComponent(once.replaceAll(/%(?![0-9a-f]{2})/gi, "%25"));
      for (const read of [path, once, twice]) {
        expect(read.split("/").length).toBe(path.split("/").length);
        expect(read.split("/").some((segment) => segment === "." || segment === "..")).toBe(false);
      }
    }),
    { numRuns: 2_000 },
  );
});

test("a token of ours is found in any place and with any escapes", () => {
  const place = fc.constantFrom(
    (token: string) => `/v1/${token}`,
    (token: string) => `/v1/x?a=${token}`,
    (token: string) => `/v1/x?${token}`,
    (token: string) => `/v1/x?a=b&${token}=1`,
  );
  fc.assert(
    fc.property(place, fc.array(fc.boolean(), { minLength: 46, maxLength: 46 }), fc.boolean(), (put, escapes, live) => {
      const token = makeToken(live ? "live" : "test");
      const spelled = [...token].map((c, index) => (escapes[index] ? `%${c.charCodeAt(0).toString(16)}` : c)).join("");
      expect(accepted(put(spelled))).toBe(false);
    }),
  );
});
