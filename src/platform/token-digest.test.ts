import { createHash, createHmac } from "node:crypto";
import { expect, test } from "vitest";
import { tokenDigest, tokenDigestOfHash } from "./token-digest.ts";

test("a digest is HMAC-SHA-256 under the pepper of SHA-256 of the token", () => {
  const pepper = Buffer.alloc(32, 7);
  const hash = createHash("sha256").update("aq_test_synthetic").digest();
  expect(tokenDigest(pepper, "aq_test_synthetic")).toEqual(createHmac("sha256", pepper).update(hash).digest());
  expect(tokenDigestOfHash(pepper, hash)).toEqual(tokenDigest(pepper, "aq_test_synthetic"));
  expect(tokenDigest(Buffer.alloc(32, 8), "aq_test_synthetic")).not.toEqual(tokenDigest(pepper, "aq_test_synthetic"));
});
