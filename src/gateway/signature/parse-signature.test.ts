import { createPublicKey, verify } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import { holdsDigest } from "./content-digest.ts";
import { parseSignature } from "./parse-signature.ts";
import { signatureBase } from "./signature-base.ts";

/** RFC 9421, B.1.4 and B.2.6. */
const key = createPublicKey(
  "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAJrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs=\n-----END PUBLIC KEY-----\n",
);
const input = 'sig-b26=("date" "@method" "@path" "@authority" "content-type" "content-length");created=1618884473;keyid="test-key-ed25519"';
const signature = "sig-b26=:wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw==:";
const values: Record<string, string> = {
  date: "Tue, 20 Apr 2021 02:07:55 GMT",
  "@method": "POST",
  "@path": "/foo",
  "@authority": "example.com",
  "content-type": "application/json",
  "content-length": "18",
};

test("the Ed25519 vector of the RFC (B.2.6) verifies, and not with another value", () => {
  const claim = parseSignature(input, signature);
  if (claim === undefined) throw new Error("the vector is not read");
  const good = signatureBase(claim, (name) => values[name]) ?? "";
  expect(verify(null, Buffer.from(good), key, claim.signature)).toBe(true);
  const other = signatureBase(claim, (name) => (name === "@path" ? "/fo" : values[name])) ?? "";
  expect(verify(null, Buffer.from(other), key, claim.signature)).toBe(false);
  expect(signatureBase(claim, () => undefined)).toBeUndefined();
});

test("the digest of the RFC's test request fits its body alone", () => {
  const digest = "sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIiYllu7BNNyealdVLvRwEmTHWXvJwew==:";
  expect(holdsDigest(digest, Buffer.from('{"hello": "world"}'))).toBe(true);
  expect(holdsDigest(digest, Buffer.from('{"hello": "World"}'))).toBe(false);
  for (const bad of ["", "sha-256=:AAAA:", "md5=:1B2M2Y8AsgTpgAmY7PhCfg==:", `${digest}, unixsum=:AA==:`])
    expect(holdsDigest(bad, Buffer.from('{"hello": "world"}'))).toBe(false);
});

test("another spelling, two signatures, or anything named twice is not read", () => {
  const bytes = "a=:AA==:";
  expect(parseSignature('a=("@method");created=1', bytes)).toMatchObject({ components: ["@method"], params: '("@method");created=1' });
  for (const bad of [
    'a=( "@method");created=1',
    'a=("@method"  "@path");created=1',
    'a=("@method");created=1, b=("@method");created=1',
    'a=("@method" "@method");created=1',
    'a=("@method");created=1;created=2',
    'a=("@method";req);created=1',
    'a=("@method"); created=1',
    'a=("@method");created="1"',
    'a=("@method");keyid=1',
    'a=("@method");keyid="a\\"b"',
    'a=("@method");unknown=1',
    'a=("Content-Type");created=1',
    'b=("@method");created=1',
  ])
    expect(parseSignature(bad, bytes), bad).toBeUndefined();
  for (const bad of ["a=:AA:", "a=:AB==:", "a=AA==", "a=:AA==:, b=:AA==:", "a=:AA-_:"])
    expect(parseSignature('a=("@method");created=1', bad), bad).toBeUndefined();
});

test("what is read says again what was sent, whatever is sent", () => {
  const names = fc.uniqueArray(fc.stringMatching(/^[a-z@][a-z0-9-]{0,12}$/), { maxLength: 6 });
  const text = fc.stringMatching(/^[ -!#-[\]-~]{0,20}$/);
  fc.assert(
    fc.property(names, fc.nat(), text, fc.uint8Array({ maxLength: 80 }), (components, created, keyid, bytes) => {
      const params = `(${components.map((name) => `"${name}"`).join(" ")});created=${created};keyid="${keyid}"`;
      const signed = Buffer.from(bytes);
      expect(parseSignature(`s=${params}`, `s=:${signed.toString("base64")}:`)).toEqual({
        components,
        params,
        created,
        expires: undefined,
        keyid,
        alg: undefined,
        signature: signed,
      });
    }),
  );
  fc.assert(fc.property(fc.string(), fc.string(), (one, two) => parseSignature(one, two) === undefined));
});
