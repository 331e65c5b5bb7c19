import fc from "fast-check";
import { expect, test } from "vitest";
import { fullBudget, payIn, savedRetries, takeRetry } from "./retry-budget.ts";

const settings = { retryRatio: 0.1, retriesPerSecond: 1 };

test("when every call fails, retries are at most a tenth of the calls, one a second, and what was saved", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 500 }), { maxLength: 500 }), (gaps) => {
      const budget = fullBudget(0);
      let nowMs = 0;
      let retries = 0;
      for (const [index, gap] of gaps.entries()) {
        nowMs += gap;
        payIn(budget, settings);
        if (takeRetry(budget, settings, nowMs)) retries += 1;
        expect(retries).toBeLessThanOrEqual(savedRetries + 0.1 * (index + 1) + nowMs / 1000 + 1e-6);
      }
    }),
  );
});

test("a quiet service gets its one retry a second", () => {
  const budget = { tokens: 0, atMs: 0 };
  expect([500, 1_000, 1_001, 2_000].map((nowMs) => takeRetry(budget, settings, nowMs))).toEqual([false, true, false, true]);
});
