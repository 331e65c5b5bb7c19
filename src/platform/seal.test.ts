import * as fc from "fast-check";
import { expect, test } from "vitest";
import { seal, sealedBy, unseal } from "./seal.ts";

const key = { kid: "k1", key: Buffer.alloc(32, 1) };

test("what was sealed opens with the same key and context, and is not there in clear", () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 8 }), fc.string(), (plain, context) => {
      const sealed = seal(key, Buffer.from(plain), context);
      expect(sealedBy(sealed)).toBe("k1");
      expect(sealed.includes(Buffer.from(plain))).toBe(false);
      expect(unseal(key, sealed, context)).toEqual(Buffer.from(plain));
    }),
  );
});

test("another context, another key or any changed byte does not open", () => {
  const sealed = seal(key, "synthetic", "webhook.secret:wh_1");
  expect(() => unseal(key, sealed, "webhook.secret:wh_2")).toThrow();
  expect(() => unseal({ kid: "k1", key: Buffer.alloc(32, 2) }, sealed, "webhook.secret:wh_1")).toThrow();
  expect(() => unseal({ ...key, kid: "k2" }, sealed, "webhook.secret:wh_1")).toThrow("another key");
  for (let i = 0; i < sealed.length; i += 1) {
    const changed = Buffer.from(sealed);
    changed[i] = (changed[i] ?? 0) ^ 1;
    expect(() => unseal(key, changed, "webhook.secret:wh_1")).toThrow();
  }
});

test("a text that is no sealed value is refused", () => {
  for (const value of ["", "\x01", "\x01\x02k1", "plain"]) expect(() => sealedBy(Buffer.from(value))).toThrow(RangeError);
});
