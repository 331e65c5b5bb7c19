import { expect, test } from "vitest";
import { createLog } from "../platform/log.ts";
import { createNodeLease } from "./node-lease.ts";
import type { PolicyKeeper } from "./policy-keeper.ts";
import type { Snapshot } from "./policy/snapshot.ts";
import { createTestClock } from "./testing/test-gateway.ts";

/** A store of which a test says what it does; the lease under test is the real one. */
function bed(graceMs: number) {
  const clock = createTestClock();
  const store = { epoch: 1n, away: false, unloadable: false, renewed: [] as bigint[], loads: 0, atRenewal: () => {} };
  let used = 0n;
  const keeper: PolicyKeeper = {
    current: () => (used === 0n ? undefined : snapshotOf(used)),
    refresh() {
      if (store.away || store.unloadable) return Promise.reject(new Error("away"));
      store.loads += 1;
      used = store.epoch;
      return Promise.resolve();
    },
    applied: () => Promise.resolve(false),
  };
  const row = {
    renew(epoch: bigint): Promise<bigint> {
      if (store.away) return Promise.reject(new Error("away"));
      store.atRenewal();
      store.renewed.push(epoch);
      return Promise.resolve(store.epoch);
    },
    stop() {
      store.renewed.push(-1n);
      return Promise.resolve();
    },
  };
  return { clock, store, lease: createNodeLease({ row, keeper, graceMs, clock, log: createLog("silent") }) };
}

function snapshotOf(epoch: bigint): Snapshot {
  return { epoch, tokens: new Map(), routes: new Map(), origins: new Map(), upstreams: new Set(), switches: new Map() };
}

test("a node serves for the lease, then as an island until the grace is over", async () => {
  const { clock, store, lease } = bed(5_000);
  expect(lease.state()).toBe("away");
  await lease.beat();
  store.away = true;
  const states = [0, 999, 1, 3_999, 1].map((ms) => {
    clock.advance(ms);
    return lease.state();
  });
  expect(states).toEqual(["held", "held", "island", "island", "away"]);
  await lease.close();
});

test("without grace a node serves no longer than its lease", async () => {
  const { clock, store, lease } = bed(0);
  await lease.beat();
  store.away = true;
  clock.advance(1_000);
  await lease.beat();
  expect(lease.state()).toBe("away");
  await lease.close();
});

test("a node that comes back loads the newest policy before it renews", async () => {
  const { clock, store, lease } = bed(5_000);
  await lease.beat();
  clock.advance(2_000);
  store.epoch = 7n;
  await lease.beat();
  expect(store.renewed).toEqual([1n, 7n]);
  await lease.close();
});

test("a node that cannot load the newest policy stops renewing, so that its bounds pass", async () => {
  const { clock, store, lease } = bed(5_000);
  await lease.beat();
  store.epoch = 2n;
  store.unloadable = true;
  await lease.beat();
  await lease.beat();
  await lease.beat();
  expect(store.renewed).toEqual([1n, 1n]);
  clock.advance(5_000);
  expect(lease.state()).toBe("away");
  store.unloadable = false;
  await lease.beat();
  expect([lease.state(), store.renewed.at(-1)]).toEqual(["held", 2n]);
  await lease.close();
});

test("a policy that was replaced while the node was away never serves again, not even until the newest is loaded", async () => {
  const { clock, store, lease } = bed(0);
  await lease.beat();
  clock.advance(1_000);
  store.atRenewal = () => {
    store.epoch = 2n;
    store.unloadable = true;
  };
  await lease.beat();
  expect([lease.state(), store.renewed]).toEqual(["away", [1n, 1n]]);
  store.unloadable = false;
  store.atRenewal = () => {};
  await lease.beat();
  expect([lease.state(), store.renewed.at(-1)]).toEqual(["held", 2n]);
  await lease.close();
});

test("no renewal follows the stop, not even one that was on its way", async () => {
  const { store, lease } = bed(5_000);
  await lease.beat();
  const late = lease.beat();
  await lease.close();
  await late;
  await lease.beat();
  expect(store.renewed.at(-1)).toBe(-1n);
  expect(lease.state()).toBe("away");
});

test("a store that went back to an earlier epoch is read before the lease counts, and its own epoch is written", async () => {
  const { store, lease } = bed(5_000);
  store.epoch = 7n;
  await lease.beat();
  store.epoch = 4n;
  await lease.beat();
  await lease.beat();
  expect(store.renewed).toEqual([7n, 7n, 4n]);
  await lease.close();
});
