import { createHmac } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import { createKeyedHash } from "./keyed-hash.ts";

const bytes = (most: number) => fc.uint8Array({ maxLength: most }).map((array) => Buffer.from(array));

test("every key and message give what createHmac gives, whatever was hashed before", () => {
  fc.assert(
    fc.property(bytes(100), fc.array(fc.oneof(fc.string({ unit: "binary", maxLength: 400 }), bytes(700))), (key, messages) => {
      const keyed = createKeyedHash(key);
      for (const message of messages) {
        const expected = createHmac("sha256", key).update(message).digest();
        expect(keyed.bytes(message).equals(expected)).toBe(true);
        for (const encoding of ["hex", "latin1", "base64url"] as const)
          expect(keyed.text(message, encoding)).toBe(expected.toString(encoding));
      }
    }),
  );
});
