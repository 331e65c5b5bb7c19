import fc from "fast-check";
import { expect, test } from "vitest";
import { closedBreaker } from "./breaker.ts";
import { chooseTarget, whyNone, type ChooseBy, type TargetState } from "./choose-target.ts";

const by: ChooseBy = { nowMs: 1_000, turn: 0, maxPending: 10, repeatable: true, failed: undefined };

function target(key: string, more: Partial<TargetState> & { openUntilMs?: number } = {}): TargetState {
  const { openUntilMs, ...rest } = more;
  const breaker = { ...closedBreaker(0), ...(openUntilMs === undefined ? {} : { state: "open" as const, openUntilMs }) };
  return { key, origin: `http://${key}`, pending: 0, down: false, breaker, ...rest };
}

const chosen = (targets: TargetState[], more: Partial<ChooseBy> = {}): string | undefined => chooseTarget(targets, { ...by, ...more })?.key;

test("the target with the fewest pending calls is taken, and equals go around", () => {
  expect(chosen([target("a", { pending: 3 }), target("b", { pending: 1 }), target("c", { pending: 2 })])).toBe("b");
  const equals = [target("a"), target("b"), target("c")];
  expect([0, 1, 2, 3].map((turn) => chosen(equals, { turn }))).toEqual(["a", "b", "c", "a"]);
});

test("what is down, cut off or full is not taken", () => {
  expect(chosen([target("down", { down: true }), target("open", { openUntilMs: 2_000 }), target("full", { pending: 10 })])).toBeUndefined();
  expect(chosen([target("down", { down: true }), target("up", { pending: 9 })])).toBe("up");
});

test("when the health check calls every target down, the breakers alone decide", () => {
  expect(chosen([target("a", { down: true, openUntilMs: 2_000 }), target("b", { down: true })])).toBe("b");
});

test("a call that may not be sent twice is no probe while another target serves", () => {
  const targets = [target("probe", { openUntilMs: 500 }), target("good", { pending: 5 })];
  expect([chosen(targets), chosen(targets, { repeatable: false })]).toEqual(["probe", "good"]);
  expect(chosen(targets.slice(0, 1), { repeatable: false })).toBe("probe");
});

test("a retry goes to another target when there is one", () => {
  const [a, b] = [target("a"), target("b", { pending: 4 })];
  expect([chosen([a, b], { failed: a }), chosen([a], { failed: a })]).toEqual(["b", "a"]);
});

test("what none could be taken for is said, with the time to come again", () => {
  expect(whyNone([target("a", { pending: 10 })], 1_000)).toEqual({ reason: "queue-full", retryAfterMs: 1_000 });
  expect(whyNone([target("a", { openUntilMs: 4_000 }), target("b", { openUntilMs: 3_000 })], 1_000)).toEqual({
    reason: "circuit-open",
    retryAfterMs: 2_000,
  });
});

test("calls that begin and end in any order never leave targets further apart than one, while all take as long", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 8 }), fc.integer({ min: 0, max: 60 }), (count, calls) => {
      const targets = Array.from({ length: count }, (_, i) => target(String(i)));
      for (let turn = 0; turn < calls; turn += 1) {
        const one = chooseTarget(targets, { ...by, turn, maxPending: 100 });
        if (one !== undefined) one.pending += 1;
      }
      const pending = targets.map((one) => one.pending);
      expect(Math.max(...pending) - Math.min(...pending)).toBeLessThanOrEqual(1);
    }),
  );
});
