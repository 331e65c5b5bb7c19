import fc from "fast-check";
import { expect, test } from "vitest";
import { QuotaSlices, type Granted, type Quota } from "./quota-slices.ts";
import { quotaOf } from "./quotas-of.ts";
import { sliceOf } from "./slice-size.ts";

const dayMs = 1_000_000;
type Fate = "ok" | "lost-request" | "lost-answer";

/** The store's counts in a time that passes only when told; days of a thousand seconds. */
class World {
  nowMs = 5 * dayMs;
  readonly leased = new Map<string, number>();
  readonly served = new Map<string, number>();
  /** Slices that went to nobody: a crash, or an answer that was lost. */
  lost = 0;

  boot(offsetMs: number) {
    const self = { fate: "ok" as Fate, offsetMs };
    const lease = (quota: Quota): Promise<Granted> => {
      if (self.fate === "lost-request") return Promise.reject(new Error("lost"));
      const day = this.day();
      const before = this.leased.get(day) ?? 0;
      const calls = sliceOf(quota.calls - before);
      this.leased.set(day, before + calls);
      if (self.fate === "lost-answer") {
        this.lost += 1;
        return Promise.reject(new Error("lost"));
      }
      return Promise.resolve({
        calls,
        rest: Math.max(0, quota.calls - before - calls),
        startsOn: day,
        endsInMs: dayMs - (this.nowMs % dayMs),
      });
    };
    const giveBack = (_quota: Quota, { startsOn, calls }: { startsOn: string; calls: number }): Promise<void> => {
      if (self.fate === "lost-request") {
        this.lost += 1;
        return Promise.reject(new Error("lost"));
      }
      this.leased.set(startsOn, (this.leased.get(startsOn) ?? 0) - calls);
      return Promise.resolve();
    };
    return Object.assign(self, { slices: new QuotaSlices({ lease, giveBack }, () => this.nowMs + offsetMs) });
  }

  day(): string {
    return String(Math.floor(this.nowMs / dayMs)).padStart(6, "0");
  }

  async call(slices: QuotaSlices, quota: Quota): Promise<boolean> {
    if (slices.look(quota) === "absent") await slices.fill(quota).catch(() => undefined);
    if (slices.look(quota) !== "ready") return false;
    slices.take(quota);
    this.served.set(this.day(), (this.served.get(this.day()) ?? 0) + 1);
    return true;
  }
}

const step = fc.record({
  node: fc.nat({ max: 8 }),
  passMs: fc.oneof(fc.nat({ max: 3_000 }), fc.nat({ max: 700_000 })),
  fate: fc.oneof({ weight: 4, arbitrary: fc.constant<Fate>("ok") }, fc.constantFrom<Fate>("lost-request", "lost-answer")),
  act: fc.oneof(
    { weight: 8, arbitrary: fc.constant("calls") },
    { weight: 3, arbitrary: fc.constant("tend") },
    fc.constantFrom("crash", "drain"),
  ),
});

test("one to nine nodes with skewed clocks, partitions and crashes never serve more than the quota, and lose a slice and a quarter at most for each that ended badly", async () => {
  const worlds = fc.record({
    calls: fc.integer({ min: 1, max: 3_000 }),
    offsets: fc.array(fc.integer({ min: -900_000, max: 86_400_000 }), { minLength: 1, maxLength: 9 }),
    steps: fc.array(step, { maxLength: 80 }),
  });
  await fc.assert(
    fc.asyncProperty(worlds, async ({ calls, offsets, steps }) => {
      const quota = quotaOf("ten_a", "lic_a", { kind: "day", calls });
      const world = new World();
      const nodes = offsets.map((offset) => world.boot(offset));
      for (const { node: at, passMs, fate, act } of steps) {
        world.nowMs += passMs;
        const node = nodes[at % nodes.length] ?? world.boot(0);
        node.fate = fate;
        if (act === "calls") for (let i = 0; i < 60; i += 1) await world.call(node.slices, quota);
        if (act === "tend") await node.slices.tend().catch(() => undefined);
        if (act === "drain") await node.slices.close().catch(() => undefined);
        if (act === "crash") world.lost += 1;
        if (act === "crash" || act === "drain") nodes[at % nodes.length] = world.boot(node.offsetMs);
      }
      for (const count of world.served.values()) expect(count).toBeLessThanOrEqual(calls);
      // all is well again: what is left reaches whoever asks
      for (const node of nodes) {
        node.fate = "ok";
        await node.slices.close();
      }
      const last = world.boot(0);
      while (await world.call(last.slices, quota));
      const served = world.served.get(world.day()) ?? 0;
      expect(served).toBeLessThanOrEqual(calls);
      expect(served).toBeGreaterThanOrEqual(calls - world.lost * Math.ceil(1.25 * sliceOf(calls)));
    }),
    { numRuns: 300, seed: 20_261_124 },
  );
});

test("while the store is away the slice in hand is served and then nothing is", async () => {
  const world = new World();
  const quota = quotaOf("ten_a", "lic_a", { kind: "day", calls: 3_200 });
  const node = world.boot(0);
  await node.slices.fill(quota);
  node.fate = "lost-request";
  let served = 0;
  while (await world.call(node.slices, quota)) served += 1;
  expect(served).toBe(100);
  expect(node.slices.look(quota)).toBe("absent");
});

test("a slice that nobody needs goes back, and its place in memory is free again", async () => {
  const world = new World();
  const node = world.boot(0);
  for (let i = 0; i < 50; i += 1) await node.slices.fill(quotaOf("ten_a", `lic_${i}`, { kind: "month", calls: 320 }));
  expect([node.slices.size(), world.leased.get(world.day())]).not.toEqual([50, 0]);
  world.nowMs += 10_000;
  await node.slices.tend();
  expect([node.slices.size(), world.leased.get(world.day())]).toEqual([0, 0]);
});
