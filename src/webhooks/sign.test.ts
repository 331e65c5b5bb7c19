import fc from "fast-check";
import { Webhook } from "standardwebhooks";
import { describe, expect, test } from "vitest";
import { Secret } from "../platform/secret.ts";
import { signatureHeaders, signingKey, signV1 } from "./sign.ts";

const secretA = new Secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
const messageA = { id: "msg_p5jXN8AQM9LWM0D4loKWxJek", timestamp: 1614265330 };

describe("published vectors of Standard Webhooks", () => {
  test.each([
    ["A", secretA, { ...messageA, body: '{"test": 2432232314}' }, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="],
    [
      "B",
      new Secret("whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"),
      { id: "msg_27UH4WbU6Z5A5EzD8u03UvzRbpk", timestamp: 1649367553, body: '{"email":"test@example.com","username":"test_user"}' },
      "v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw=",
    ],
    ["C1", secretA, { ...messageA, body: "a".repeat(1_048_576) }, "v1,txpEUxqWZJ5nteTnymUVa+7C4NHpBeXJ6CsBAW0c3/A="],
    ["C2", secretA, { ...messageA, body: "a".repeat(262_144) }, "v1,Mw4Pe2WgApuT7NSqnSq0PQPV9gbLdggCl9B865x5Xh0="],
    ["C3", secretA, { ...messageA, body: "a".repeat(262_143) }, "v1,NTItnqyWMoFhk2Bbe5V/BMdcFRWgcSQaTgqLHX7FC7c="],
  ])("vector %s is reproduced", (_name, secret, message, expected) => {
    expect(signV1(signingKey(secret), message)).toBe(expected);
  });
});

test("the npm verifier accepts every signed message and refuses it with one byte more", () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 24, maxLength: 64 }), fc.string({ unit: "grapheme" }), (bytes, body) => {
      const text = `whsec_${Buffer.from(bytes).toString("base64")}`;
      const timestamp = Math.floor(Date.now() / 1000);
      const headers = signatureHeaders(signingKey(new Secret(text)), { id: "dlv_1", timestamp, body });
      const verifier = new Webhook(text);
      const payload = JSON.stringify(body);
      const signed = signatureHeaders(signingKey(new Secret(text)), { id: "dlv_1", timestamp, body: payload });
      expect(verifier.verify(payload, signed)).toBe(body);
      expect(() => verifier.verify(`${payload} `, signed)).toThrow();
      expect(headers["webhook-id"]).toBe("dlv_1");
    }),
  );
});

test.each([
  "",
  "whsec_",
  "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
  "whsec_c2hvcnQ=",
  "whsec_!!KQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
  `whsec_${"A".repeat(100)}`,
])("secret %j is refused", (text) => {
  expect(() => signingKey(new Secret(text))).toThrow(RangeError);
});

test("an id with a dot and a fractional timestamp are refused", () => {
  const key = signingKey(secretA);
  expect(() => signatureHeaders(key, { id: "a.b", timestamp: 1, body: "" })).toThrow(RangeError);
  expect(() => signatureHeaders(key, { id: "a", timestamp: 1.5, body: "" })).toThrow(RangeError);
});
