import { randomBytes } from "node:crypto";
import { inspect } from "node:util";
import fc from "fast-check";
import { expect, test } from "vitest";
import { tokenDigest } from "../../platform/token-digest.ts";
import { makeToken } from "../testing/test-policy.ts";
import { takeToken } from "./take-token.ts";

const peppers = { key: randomBytes(32) };

test("an issued token gives its digest and its mode, under both live peppers", () => {
  const token = makeToken("live");
  const previous = { key: randomBytes(32) };
  expect(takeToken(`Bearer ${token}`, { ...peppers, previous })).toEqual({
    form: "issued",
    digests: [tokenDigest(peppers.key, token), tokenDigest(previous.key, token)].map((digest) => digest.toString("latin1")),
    mode: "live",
  });
  expect(takeToken(`bearer ${token}`, peppers).form).toBe("issued");
});

test("a token that a client made has its own grammar and never begins like ours", () => {
  expect(takeToken(`Bearer ${"a".repeat(43)}`, peppers).form).toBe("own");
  expect(takeToken(`Bearer ${"-_Z9".repeat(32)}`, peppers).form).toBe("own");
  for (const bad of ["a".repeat(42), "a".repeat(129), `${"a".repeat(43)}=`, `aq_${"a".repeat(43)}`, `AQ_${"a".repeat(43)}`]) {
    expect(takeToken(`Bearer ${bad}`, peppers).form).toBe("malformed");
  }
});

test("whatever stands in the header, nothing throws, one digest per pepper is made, and a damaged token is malformed", () => {
  fc.assert(
    fc.property(fc.option(fc.string(), { nil: undefined }), (text) => {
      const taken = takeToken(text, peppers);
      expect(taken.digests).toHaveLength(1);
      expect(taken.form).toBe(text === undefined || text === "" ? "missing" : taken.form);
    }),
  );
  fc.assert(
    fc.property(fc.integer({ min: 8, max: 45 }), fc.constantFrom(..."0aZ"), (at, c) => {
      const token = makeToken();
      fc.pre(token[at] !== c);
      expect(takeToken(`Bearer ${token.slice(0, at)}${c}${token.slice(at + 1)}`, peppers).form).toBe("malformed");
    }),
  );
});

test("what is left of a token does not hold it, and no other header text is looked up", () => {
  const token = makeToken();
  expect(inspect(takeToken(`Bearer ${token}`, peppers), { depth: Infinity })).not.toContain(token.slice(8, 20));
  const nothing = takeToken(undefined, peppers).digests;
  for (const text of [`Basic ${token}`, `Bearer  ${token}`, `Bearer ${token} `, ` Bearer ${token}`, `Bearer ${token},`, token]) {
    expect(takeToken(text, peppers).digests).toEqual(nothing);
  }
});
