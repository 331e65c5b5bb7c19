import { expect, test } from "vitest";
import { signClaims, verifyClaims } from "./signed-claims.ts";

const key = Buffer.alloc(32, 3);
const claims = { tenant: "ten_1", license_version: 2, exp: 1_000 };

test("signed claims verify until they expire", () => {
  const value = signClaims(key, claims);
  expect(verifyClaims(key, value, 999)).toEqual(claims);
  expect(verifyClaims(key, value, 1_000)).toBeUndefined();
});

test("another key, a changed part or hostile text does not verify and does not throw", () => {
  const value = signClaims(key, claims);
  expect(verifyClaims(Buffer.alloc(32, 4), value, 0)).toBeUndefined();
  const [version, body, mac] = value.split(".");
  const forged = Buffer.from(JSON.stringify({ ...claims, tenant: "ten_2" })).toString("base64url");
  for (const hostile of [
    "",
    ".",
    "v1.",
    "v1..",
    `v2.${body}.${mac}`,
    `${version}.${forged}.${mac}`,
    `${version}.${body}.`,
    `${version}.${body}`,
    value.slice(0, -1),
  ]) {
    expect([hostile, verifyClaims(key, hostile, 0)]).toEqual([hostile, undefined]);
  }
});
