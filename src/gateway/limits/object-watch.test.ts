import fc from "fast-check";
import { expect, test } from "vitest";
import { createObjectWatch, type ObjectWatchOptions } from "./object-watch.ts";

type Raised = { accessId: string; count: number };

function watched(more: Partial<ObjectWatchOptions> = {}): {
  raised: Raised[];
  saw(access: string, object: number, nowMs?: number): void;
  size(): number;
} {
  const raised: Raised[] = [];
  const watch = createObjectWatch({ ...more, signals: { raise: (_kind, { accessId, count }) => raised.push({ accessId, count }) } });
  return {
    raised,
    saw: (accessId, object, nowMs = 0) => watch.saw({ tenantId: "ten_a", accessId }, String(object), nowMs),
    size: () => watch.size(),
  };
}

test("many distinct objects raise the signal once, near the number that is suspect", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 100, max: 2_000 }),
      fc.integer({ min: 1, max: 900_000 }),
      fc.integer({ min: 1, max: 9 }),
      (most, from, step) => {
        const bed = watched({ suspectAbove: most });
        let raisedAt = 0;
        for (let i = 1; i <= most * 1.3; i += 1) {
          bed.saw("acc_a", from + i * step);
          if (raisedAt === 0 && bed.raised.length > 0) raisedAt = i;
        }
        expect(bed.raised).toHaveLength(1);
        expect(raisedAt).toBeGreaterThan(most * 0.75);
        expect(bed.raised[0]?.count).toBeGreaterThan(most * 0.95);
      },
    ),
    { numRuns: 50 },
  );
});

test("the same objects over and over raise nothing", () => {
  const bed = watched({ suspectAbove: 100 });
  for (let i = 0; i < 10_000; i += 1) bed.saw("acc_a", i % 50);
  expect(bed.raised).toEqual([]);
});

test("each access and each window is counted by itself", () => {
  const bed = watched({ suspectAbove: 100, windowMs: 1_000 });
  for (let i = 0; i < 80; i += 1) for (const access of ["acc_a", "acc_b"]) bed.saw(access, i, 0);
  for (let i = 80; i < 160; i += 1) bed.saw("acc_a", i, 1_000);
  expect(bed.raised).toEqual([]);
  for (let i = 160; i < 240; i += 1) bed.saw("acc_a", i, 1_500);
  expect(bed.raised.map(({ accessId }) => accessId)).toEqual(["acc_a"]);
});

test("memory is bounded: the access whose window is oldest is forgotten", () => {
  const bed = watched({ suspectAbove: 10, maxAccesses: 3 });
  for (let i = 0; i < 100; i += 1) bed.saw(`acc_${i}`, 1, i);
  expect(bed.size()).toBe(3);
  for (let i = 0; i < 30; i += 1) bed.saw("acc_99", i, 100);
  expect(bed.raised.map(({ accessId }) => accessId)).toEqual(["acc_99"]);
});
