import fc from "fast-check";
import { expect, test } from "vitest";
import { excerptOf, outcomeOf } from "./outcome.ts";
import type { SendResult } from "./send.ts";

const rules = { random: () => 0 };
const result = (more: Partial<SendResult>): SendResult => ({ startedAt: new Date(), durationMs: 1, answer: "", ...more });

test.each([
  [200, { outcome: "delivered" }],
  [299, { outcome: "delivered" }],
  [301, { outcome: "retry", errorCode: "redirect-refused", delayMs: 5_000 }],
  [410, { outcome: "cancelled", errorCode: "gone" }],
  [404, { outcome: "retry", errorCode: "status-404", delayMs: 5_000 }],
  [429, { outcome: "retry", errorCode: "receiver-throttles", delayMs: 5_000 }],
  [503, { outcome: "retry", errorCode: "status-503", delayMs: 5_000 }],
])("status %i", (status, expected) => {
  expect(outcomeOf(result({ status }), 1, rules)).toEqual(expected);
});

test("Retry-After is obeyed when it is later than the schedule, up to a day", () => {
  expect(outcomeOf(result({ status: 429, retryAfter: "90" }), 1, rules)).toMatchObject({ delayMs: 90_000 });
  expect(outcomeOf(result({ status: 429, retryAfter: "1" }), 2, rules)).toMatchObject({ delayMs: 300_000 });
  expect(outcomeOf(result({ status: 503, retryAfter: "999999999" }), 1, rules)).toMatchObject({ delayMs: 86_400_000 });
});

test("the tenth failure is the last", () => {
  expect(outcomeOf(result({ status: 500 }), 9, rules)).toMatchObject({ outcome: "retry" });
  expect(outcomeOf(result({ errorCode: "timeout" }), 10, rules)).toEqual({ outcome: "dead", errorCode: "timeout" });
});

test("an excerpt fits its column, is well formed and has no control characters", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 5000 }), (answer) => {
      const excerpt = excerptOf(answer);
      expect(Buffer.byteLength(excerpt)).toBeLessThanOrEqual(4096);
      expect(excerpt.isWellFormed()).toBe(true);
      expect(/(?![\t\n])\p{Cc}/u.test(excerpt)).toBe(false);
    }),
  );
});

test("secrets and tokens that a receiver echoes are not kept", () => {
  const excerpt = excerptOf("got whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw= and aq_live_abcDEF0123, aqk_x1 ok");
  expect(excerpt).toBe("got whsec_[redacted] and aq_live_[redacted], aqk_[redacted] ok");
});

test("a secret that the cut would break is gone as a whole", () => {
  const excerpt = excerptOf(`${"x".repeat(1010)}whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw=`);
  expect(excerpt).not.toContain("MfKQ");
});
