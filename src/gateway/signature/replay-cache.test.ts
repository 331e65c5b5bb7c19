import fc from "fast-check";
import { expect, test } from "vitest";
import { createReplayCache } from "./replay-cache.ts";

test("a signature is new once within the time, and the cache never holds more than two generations", () => {
  const calls = fc.array(fc.record({ signature: fc.nat(20).map(String), afterMs: fc.nat(60) }), { maxLength: 200 });
  fc.assert(
    fc.property(calls, (list) => {
      const cache = createReplayCache({ keptMs: 100, mostPerOwner: 1_000, most: 1_000 });
      const last = new Map<string, number>();
      let now = 0;
      for (const { signature, afterMs } of list) {
        now += afterMs;
        const verdict = cache.add("acc", signature, now);
        const before = last.get(signature);
        if (before !== undefined && now - before < 100) expect(verdict).toBe("seen");
        // a generation is replaced by the first call after its time, which comes at most 60 ms late here
        if (before === undefined || now - before >= 260) expect(verdict).toBe("new");
        if (verdict === "new") last.set(signature, now);
      }
    }),
  );
});

test("a full share refuses its owner alone, and empties with time", () => {
  const cache = createReplayCache({ keptMs: 100, mostPerOwner: 1, most: 2 });
  expect([cache.add("a", "1", 0), cache.add("a", "2", 0), cache.add("b", "1", 0), cache.add("c", "1", 0)]).toEqual([
    "new",
    "full",
    "new",
    "full",
  ]);
  expect(cache.add("a", "2", 100)).toBe("new");
});
