import fc from "fast-check";
import { expect, test } from "vitest";
import { SimulatedLine, type Fate } from "../testing/simulated-line.ts";
import type { Limit } from "./gcra.ts";
import { isEmpty, lineLength } from "./share-line.ts";

const reserveMs = 5_000;
const fates: fc.Arbitrary<Fate> = fc.oneof(
  { weight: 5, arbitrary: fc.constant<Fate>("ok") },
  fc.constantFrom<Fate>("lost-request", "lost-answer", "late-answer"),
);
const step = fc.record({
  node: fc.nat({ max: 8 }),
  passMs: fc.oneof({ weight: 3, arbitrary: fc.nat({ max: 400 }) }, fc.nat({ max: 8_000 })),
  act: fc.oneof(
    { weight: 6, arbitrary: fc.record({ beat: fates }) },
    { weight: 8, arbitrary: fc.record({ storm: fc.constant(true) }) },
    { weight: 2, arbitrary: fc.record({ calls: fc.integer({ min: 1, max: 40 }) }) },
    { weight: 2, arbitrary: fc.record({ beatAll: fc.constant(true) }) },
    fc.record({ crash: fc.boolean() }),
    fc.record({ drain: fc.constant(true) }),
  ),
});
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

const worlds = fc.record({
  limit: fc.record({ rateMilli: fc.integer({ min: 1, max: 20_000 }), burst: fc.integer({ min: 1, max: 40 }) }),
  offsets: fc.array(fc.integer({ min: -900_000, max: 86_400_000 }), { minLength: 1, maxLength: 9, size: "max" }),
  steps: fc.array(step, { minLength: 20, maxLength: 120 }),
});

/** The one bucket that all nodes together must never exceed, in integers of any size. */
function createOracle({ burst, rateMilli }: Limit): (nowMs: number) => boolean {
  const full = BigInt(burst) * 1_000_000_000n;
  let saved = full;
  let lastMs: number | undefined;
  return (nowMs) => {
    saved += BigInt((nowMs - (lastMs ?? nowMs)) * 1_000) * BigInt(rateMilli);
    if (saved > full) saved = full;
    lastMs = nowMs;
    if (saved < 1_000_000_000n) return false;
    saved -= 1_000_000_000n;
    return true;
  };
}

class World {
  readonly line = new SimulatedLine(reserveMs);
  readonly nodes;
  readonly #limit: Limit;
  readonly #oracle: (nowMs: number) => boolean;
  overAdmitted = 0;
  admitted = 0;

  constructor(limit: Limit, offsets: readonly number[]) {
    this.#limit = limit;
    this.#oracle = createOracle(limit);
    this.nodes = offsets.map((offset, at) => this.line.boot(`nod_${at}`, offset));
  }

  call(at: number): void {
    const node = this.#node(at);
    if (!node.buckets.take("key", this.#limit, (this.line.nowMs + node.offsetMs) * 1000).allowed) return;
    this.admitted += 1;
    if (!this.#oracle(this.line.nowMs)) this.overAdmitted += 1;
  }

  async beat(at: number, fate: Fate): Promise<void> {
    const node = this.#node(at);
    node.fate = fate;
    const done = node.keeper.exchange().catch(() => undefined);
    if (fate !== "late-answer") await done;
  }

  async arrive(at: number): Promise<void> {
    for (const late of this.#node(at).late.splice(0)) late();
    await new Promise((resolve) => setImmediate(resolve));
  }

  async end(at: number, how: "crash" | "drain"): Promise<void> {
    const node = this.#node(at);
    if (how === "drain") await node.keeper.close(node.buckets.restedUs((this.line.nowMs + node.offsetMs) * 1000));
    this.nodes[at % this.nodes.length] = this.line.boot(node.id, node.offsetMs + (how === "crash" ? 12_345 : 0));
  }

  async run({ node, passMs, act }: Step): Promise<void> {
    this.line.pass(passMs);
    if ("beat" in act) await this.beat(node, act.beat);
    else if ("calls" in act) for (let i = 0; i < act.calls; i += 1) this.call(node + (i % 3));
    else if ("storm" in act) for (let i = 0; i < this.nodes.length * this.#limit.burst; i += 1) this.call(i);
    else if ("beatAll" in act) for (let at = 0; at < this.nodes.length; at += 1) await this.beat(at, "ok");
    else if ("crash" in act) await (act.crash ? this.end(node, "crash") : this.arrive(node));
    else await this.end(node, "drain");
  }

  #node(at: number) {
    const node = this.nodes[at % this.nodes.length];
    if (node === undefined) throw new Error("a world has nodes");
    return node;
  }
}

test("one to nine nodes with skewed clocks, partitions, late answers and crashes never let through more than one bucket would", async () => {
  await fc.assert(
    fc.asyncProperty(worlds, async ({ limit, offsets, steps }) => {
      const world = new World(limit, offsets);
      for (const one of steps) await world.run(one);
      expect(world.overAdmitted).toBe(0);
    }),
    { numRuns: 400, seed: 20_261_124 },
  );
});

test("once all is well again the nodes hold the whole line between them: nothing of a limit is lost for good", async () => {
  await fc.assert(
    fc.asyncProperty(worlds, async ({ limit, offsets, steps }) => {
      const world = new World(limit, offsets);
      for (const one of steps) await world.run(one);
      world.line.pass(reserveMs + 1);
      for (let round = 0; round < 4; round += 1) for (let at = 0; at < world.nodes.length; at += 1) await world.beat(at, "ok");
      const ranges = world.nodes.map((node) => node.keeper.shares.range).filter((range) => !isEmpty(range));
      expect(ranges.reduce((sum, range) => sum + range.to - range.from, 0)).toBe(lineLength);
    }),
    { numRuns: 150, seed: 20_261_124 },
  );
});

test("a node alone has the whole limit from its first call", async () => {
  const world = new World({ rateMilli: 1, burst: 50 }, [0]);
  await world.beat(0, "ok");
  for (let i = 0; i < 60; i += 1) world.call(0);
  expect(world.admitted).toBe(50);
});

test("the share of a node that is cut off stays its own until it may serve no more, then others have it", async () => {
  const world = new World({ rateMilli: 1_000, burst: 10 }, [0, 0]);
  await world.beat(0, "ok");
  await world.beat(1, "ok");
  const [first, second] = world.nodes;
  expect([first?.keeper.shares.range, isEmpty(second?.keeper.shares.range ?? { from: 0, to: 1 })]).toEqual([
    { from: 0, to: lineLength },
    true,
  ]);
  world.line.pass(reserveMs - 1);
  await world.beat(1, "ok");
  expect(isEmpty(second?.keeper.shares.range ?? { from: 0, to: 1 })).toBe(true);
  world.line.pass(1);
  world.call(0);
  expect(world.admitted).toBe(0);
  await world.beat(1, "ok");
  expect(second?.keeper.shares.range).toEqual({ from: 0, to: lineLength });
});
