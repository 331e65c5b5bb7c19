import { argon2Sync } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import { argonParameters, checkNewPassword, checkPassword, hashPassword, inHashQueue, isOutdated } from "./password.ts";

/** A PHC string of little work, made by node:crypto itself. */
function cheapHash(message: string): string {
  const nonce = Buffer.alloc(16, 7);
  const tag = argon2Sync("argon2id", { message, nonce, memory: 64, passes: 1, parallelism: 1, tagLength: 32 });
  const unpadded = (bytes: Buffer) => bytes.toString("base64").replace(/=+$/, "");
  return `$argon2id$v=19$m=64,t=1,p=1$${unpadded(nonce)}$${unpadded(tag)}`;
}

test("a password is its own and no other's, and two hashes of it differ", async () => {
  const stored = await hashPassword("uma frase qualquer");
  expect(stored).toMatch(/^\$argon2id\$v=19\$m=32768,t=2,p=1\$/);
  expect(argonParameters.memoryKib).toBeGreaterThanOrEqual(19 * 1024);
  expect(await checkPassword("uma frase qualquer", stored)).toBe(true);
  expect(await checkPassword("uma frase qualquer ", stored)).toBe(false);
  expect(await hashPassword("uma frase qualquer")).not.toBe(stored);
});

test("the same characters in another Unicode form are the same password", async () => {
  expect(await checkPassword("senha com ção longa", await hashPassword("senha com c\u0327a\u0303o longa"))).toBe(true);
});

test("66 may compute or wait: whoever comes beyond that is told to come again, and the others are answered", async () => {
  const stored = cheapHash("frase");
  const flood = await Promise.allSettled(Array.from({ length: 100 }, () => inHashQueue(() => checkPassword("frase", stored))));
  expect(flood.filter((one) => one.status === "fulfilled" && one.value)).toHaveLength(66);
  const refused = flood.filter((one) => one.status === "rejected");
  for (const { reason } of refused) expect(reason).toMatchObject({ code: "sign-in-locked" });
  expect(refused).toHaveLength(34);
  expect(await inHashQueue(() => checkPassword("frase", stored))).toBe(true);
});

test("without a stored password, or with one that is none, the answer is no", async () => {
  expect(await checkPassword("x", null)).toBe(false);
  expect(await checkPassword("x", "$argon2id$v=19$m=1,t=1,p=1$$")).toBe(false);
});

test("a hash of other parameters still holds, and is outdated", async () => {
  const stored = cheapHash("frase");
  expect(await checkPassword("frase", stored)).toBe(true);
  expect(isOutdated(stored)).toBe(true);
  expect(isOutdated(await hashPassword("frase"))).toBe(false);
});

test.each([
  ["short", "curta demais"[0]?.repeat(11) ?? ""],
  ["of four different characters", "abcdabcdabcdabcd"],
  ["a run", "abcdefghijklmnop"],
  ["a run of digits", "12345678901234"],
  ["a run backward", "zyxwvutsrqponm"],
  ["the address", "pessoa@example.com"],
  ["made of the address", "Pessoa.Longa 2026"],
])("a password that is %s is refused", (_, password) => {
  const email = password === "pessoa@example.com" ? password : "pessoa.longa@example.com";
  expect(() => checkNewPassword(password, email)).toThrow(expect.objectContaining({ code: "invalid-field", pointer: "/body/password" }));
});

test("a random sentence of 12 to 512 characters is taken, whatever it is made of", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme", minLength: 12, maxLength: 200 }), (text) => {
      const normal = [...text.normalize("NFKC")];
      fc.pre(normal.length >= 12 && normal.length <= 512 && new Set(normal.join("").toLowerCase()).size >= 5);
      fc.pre(
        normal.some(
          (character, index) => index > 0 && Math.abs((character.codePointAt(0) ?? 0) - (normal[index - 1]?.codePointAt(0) ?? 0)) > 9,
        ),
      );
      expect(() => checkNewPassword(text, "pessoa@example.com")).not.toThrow();
    }),
  );
});
