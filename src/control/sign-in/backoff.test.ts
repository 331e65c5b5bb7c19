import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { accountBackoff, addressBackoff, leftAfter, waitMs } from "./backoff.ts";

describe.each([
  ["account", accountBackoff],
  ["address", addressBackoff],
])("the backoff by %s", (_, by) => {
  test("never waits less after more failures, nor longer than its bound", () => {
    fc.assert(
      fc.property(fc.nat(2 ** 30), fc.nat(1000), (failures, more) => {
        const wait = waitMs(failures, by);
        expect(waitMs(failures + more, by)).toBeGreaterThanOrEqual(wait);
        expect(wait).toBeLessThanOrEqual(by.mostMs);
        expect(wait === 0).toBe(failures < by.free);
      }),
    );
  });

  test("forgets with time alone, never below nothing, and all of it in the end", () => {
    fc.assert(
      fc.property(fc.nat(10_000), fc.integer({ min: -1e9, max: 1e12 }), (failures, quietMs) => {
        const left = leftAfter(failures, quietMs, by);
        expect(left).toBeGreaterThanOrEqual(0);
        expect(left).toBeLessThanOrEqual(failures);
        if (quietMs < by.forgetMs) expect(left).toBe(failures);
        expect(leftAfter(failures, failures * by.forgetMs, by)).toBe(0);
      }),
    );
  });

  test("whatever rhythm a guesser keeps, a day gives few guesses", () => {
    const day = 24 * 3_600_000;
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 40 * 60_000 }), { minLength: 1, maxLength: 20 }), (pauses) => {
        let at = 0;
        let failures = 0;
        let guesses = 0;
        for (let i = 0; at <= day; i += 1) {
          guesses += 1;
          const pause = Math.max(waitMs(failures + 1, by), pauses[i % pauses.length] ?? 0);
          failures = leftAfter(failures + 1, pause, by);
          at += pause;
        }
        // by account 4 an hour and the free ones; by address as many as are forgotten, and the free ones
        const hourly = Math.max(3_600_000 / by.mostMs, 3_600_000 / by.forgetMs);
        expect(guesses).toBeLessThanOrEqual(by.free + 10 + 24 * hourly);
      }),
      { numRuns: 300 },
    );
  });
});
