import fc from "fast-check";
import { expect, test } from "vitest";
import { admit, admits, closedBreaker, report, waitMs, type Breaker, type BreakerSettings } from "./breaker.ts";

const settings: BreakerSettings = { windowMs: 10_000, minCalls: 10, failureRatio: 0.5, failuresInRow: 5, openMs: 1_000, maxOpenMs: 8_000 };

/** One call that begins and ends at once; false when it was not let through. */
function call(breaker: Breaker, nowMs: number, failed: boolean): boolean {
  if (!admits(breaker, nowMs)) return false;
  report(breaker, settings, { ticket: admit(breaker), failed, nowMs });
  return true;
}

function opened(): Breaker {
  const breaker = closedBreaker(0);
  for (let i = 0; i < 5; i += 1) call(breaker, 0, true);
  return breaker;
}

test("five failures in a row open it, however few calls there are", () => {
  const breaker = closedBreaker(0);
  const states = Array.from({ length: 5 }, () => {
    call(breaker, 0, true);
    return breaker.state;
  });
  expect(states).toEqual(["closed", "closed", "closed", "closed", "open"]);
});

test("half of the window's calls failing opens it, and fewer than the least number do not", () => {
  const breaker = closedBreaker(0);
  for (let i = 0; i < 9; i += 1) call(breaker, i, i % 2 === 0);
  expect(breaker.state).toBe("closed");
  call(breaker, 9, true);
  expect(breaker.state).toBe("open");
});

test("failures older than the window are forgotten", () => {
  const breaker = closedBreaker(0);
  for (let i = 0; i < 4; i += 1) call(breaker, 0, true);
  for (let i = 0; i < 6; i += 1) call(breaker, 20_000 + i, i % 2 === 1);
  expect(breaker.state).toBe("closed");
});

test("open time doubles with each failed probe up to the most, and a good one closes it", () => {
  const breaker = opened();
  let nowMs = 0;
  const waits: number[] = [];
  for (let i = 0; i < 5; i += 1) {
    waits.push(waitMs(breaker, nowMs));
    nowMs += waitMs(breaker, nowMs);
    expect(call(breaker, nowMs, true)).toBe(true);
  }
  expect(waits).toEqual([1_000, 2_000, 4_000, 8_000, 8_000]);
  nowMs += waitMs(breaker, nowMs);
  call(breaker, nowMs, false);
  expect([breaker.state, waitMs(breaker, nowMs)]).toEqual(["closed", 0]);
});

test("a call that began before it opened says nothing of the time after", () => {
  const breaker = closedBreaker(0);
  const old = admit(breaker);
  for (let i = 0; i < 5; i += 1) call(breaker, 0, true);
  const probe = admit(breaker);
  report(breaker, settings, { ticket: old, failed: false, nowMs: 1_500 });
  expect(breaker.state).toBe("half-open");
  report(breaker, settings, { ticket: probe, failed: false, nowMs: 1_600 });
  report(breaker, settings, { ticket: old, failed: true, nowMs: 1_700 });
  expect([breaker.state, breaker.inRow]).toEqual(["closed", 0]);
});

type Step = { gapMs: number; failed: boolean; lasts: number };
const steps = fc.array(
  fc.record<Step>({ gapMs: fc.integer({ min: 0, max: 3_000 }), failed: fc.boolean(), lasts: fc.integer({ min: 0, max: 5 }) }),
  { minLength: 1, maxLength: 300 },
);

/** Drives calls that overlap: each ends `lasts` steps after it began. Tells the watcher of every step. */
function drive(
  all: Step[],
  watch: (seen: { breaker: Breaker; nowMs: number; passed: boolean; underWay: number; wasOpen: boolean }) => void,
): void {
  const breaker = closedBreaker(0);
  let nowMs = 0;
  let running: { ticket: number; failed: boolean; endsAt: number; probe: boolean }[] = [];
  for (const [index, step] of all.entries()) {
    nowMs += step.gapMs;
    for (const one of running.filter(({ endsAt }) => endsAt <= index)) report(breaker, settings, { ...one, nowMs });
    running = running.filter(({ endsAt }) => endsAt > index);
    const wasOpen = breaker.state === "open" && nowMs < breaker.openUntilMs;
    const passed = admits(breaker, nowMs);
    if (passed)
      running.push({ ticket: admit(breaker), failed: step.failed, endsAt: index + step.lasts, probe: breaker.state !== "closed" });
    const underWay = running.filter(({ probe, ticket }) => probe && ticket === breaker.era).length;
    watch({ breaker, nowMs, passed, underWay, wasOpen });
  }
}

test("whatever happens: closed refuses nothing, open passes nothing, half-open passes one at a time, open time is bounded", () => {
  fc.assert(
    fc.property(steps, (all) => {
      drive(all, ({ breaker, nowMs, passed, underWay, wasOpen }) => {
        if (breaker.state === "closed") expect(passed).toBe(true);
        if (wasOpen) expect(passed).toBe(false);
        expect(underWay).toBeLessThanOrEqual(1);
        expect(waitMs(breaker, nowMs)).toBeLessThanOrEqual(settings.maxOpenMs);
        const { current, before } = breaker;
        for (const { calls, failures } of [current, before]) expect(failures).toBeLessThanOrEqual(calls);
      });
    }),
  );
});

test("whatever happened: a target that answers again is closed after one wait and one good call", () => {
  fc.assert(
    fc.property(steps, (all) => {
      const breaker = closedBreaker(0);
      let nowMs = 0;
      for (const { gapMs, failed } of all) call(breaker, (nowMs += gapMs), failed);
      nowMs += waitMs(breaker, nowMs);
      expect(call(breaker, nowMs, false)).toBe(true);
      expect(breaker.state).toBe("closed");
    }),
  );
});
