import { sql } from "kysely";
import { expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../../../test/helpers/database.ts";
import { until } from "../../../test/helpers/until.ts";
import { openDatabase } from "../../db/database.ts";
import { platformTx } from "../../db/tx.ts";
import { systemClock } from "../../platform/clock.ts";
import { createLog } from "../../platform/log.ts";
import { createBucketStore } from "./bucket-store.ts";
import { createQuotaRows, createShareRows } from "./limit-rows.ts";
import { QuotaSlices, type Quota } from "./quota-slices.ts";
import { quotaOf } from "./quotas-of.ts";
import { ShareKeeper } from "./share-lease.ts";
import { isEmpty, lineLength } from "./share-line.ts";

/** A node with connections of its own; `kill` ends it without a word. */
function boot(base: TestDatabase, nodeId: string, reserveMs = 60_000) {
  const { db, close } = openDatabase({ url: base.url, max: 4, applicationName: nodeId });
  const keeper = new ShareKeeper({ rows: createShareRows(db, nodeId), nodeId, reserveMs, clock: systemClock, log: createLog("silent") });
  const slices = new QuotaSlices(createQuotaRows(db), () => performance.now());
  const buckets = createBucketStore(keeper.shares);
  return {
    keeper,
    slices,
    buckets,
    kill: close,
    async drain() {
      await slices.close();
      await keeper.close(buckets.restedUs(nowUs()));
      await close();
    },
  };
}

type Node = ReturnType<typeof boot>;

function nowUs(): number {
  return Math.floor(performance.now() * 1000);
}

async function addTenant(base: TestDatabase, zone = "America/Recife"): Promise<void> {
  await platformTx(base.db, (tx) =>
    sql`INSERT INTO aqueduto.tenant (tenant_id, name, time_zone) VALUES ('ten_a', 'A', ${zone})`.execute(tx),
  );
}

async function serveAll(node: Node, quota: Quota, most = Number.POSITIVE_INFINITY): Promise<number> {
  let served = 0;
  while (served < most) {
    if (node.slices.look(quota) === "absent") await node.slices.fill(quota);
    if (node.slices.look(quota) !== "ready") break;
    node.slices.take(quota);
    served += 1;
  }
  return served;
}

/** Calls that pass at once on a bucket that as good as never refills. */
function drainBucket(node: Node, burst: number): number {
  let passed = 0;
  while (node.buckets.take("ten_a/acc_a", { rateMilli: 1, burst }, nowUs()).allowed) passed += 1;
  return passed;
}

test("three nodes hold the line in equal parts; what a killed one held comes back only when it may serve no more", async () => {
  await using base = await createTestDatabase();
  const nodes = [boot(base, "nod_1", 1_500), boot(base, "nod_2"), boot(base, "nod_3")];
  for (let round = 0; round < 3; round += 1) for (const node of nodes) await node.keeper.exchange();
  const sizes = nodes.map(({ keeper }) => keeper.shares.range.to - keeper.shares.range.from);
  expect(sizes).toEqual([lineLength / 3, lineLength / 3, lineLength / 3]);
  const [first, second, third] = nodes as [Node, Node, Node];
  await first.kill();
  await second.keeper.exchange();
  expect(second.keeper.shares.range).toEqual({ from: lineLength / 3, to: (2 * lineLength) / 3 });
  await until("the others hold all of it", async () => {
    await second.keeper.exchange();
    await third.keeper.exchange();
    return second.keeper.shares.range.from === 0 && third.keeper.shares.range.to === lineLength;
  });
  expect(second.keeper.shares.range.to).toBe(third.keeper.shares.range.from);
  await second.drain();
  await third.drain();
});

test("nodes that come, are killed and come again never let through more than the one bucket", async () => {
  await using base = await createTestDatabase();
  const one = boot(base, "nod_1");
  await one.keeper.exchange();
  expect(drainBucket(one, 100)).toBe(100);
  const two = boot(base, "nod_2");
  for (const node of [two, one, two]) await node.keeper.exchange();
  expect(isEmpty(two.keeper.shares.range)).toBe(false);
  await one.kill();
  const again = boot(base, "nod_1");
  await again.keeper.exchange();
  expect([drainBucket(two, 100), drainBucket(again, 100)]).toEqual([0, 0]);
  await two.drain();
  await again.drain();
});

test("a bucket that was not emptied is not empty after a planned restart", async () => {
  await using base = await createTestDatabase();
  const one = boot(base, "nod_1");
  await one.keeper.exchange();
  const limit = { rateMilli: 1, burst: 100 };
  for (let i = 0; i < 40; i += 1) one.buckets.take("ten_a/acc_a", limit, nowUs());
  await one.drain();
  const again = boot(base, "nod_1");
  await again.keeper.exchange();
  const left = drainBucket(again, 100);
  expect(left).toBeLessThanOrEqual(60);
  expect(left).toBeGreaterThanOrEqual(59);
  await again.drain();
});

test("four nodes at once serve a quota exactly, and a restart with drain loses nothing of it", async () => {
  await using base = await createTestDatabase();
  await addTenant(base);
  const quota = quotaOf("ten_a", "lic_a", { kind: "month", calls: 500 });
  const first = boot(base, "nod_0");
  expect(await serveAll(first, quota, 100)).toBe(100);
  await first.drain();
  const nodes = ["nod_1", "nod_2", "nod_3", "nod_4"].map((id) => boot(base, id));
  const served = await Promise.all(nodes.map((node) => serveAll(node, quota)));
  expect(served.reduce((sum, count) => sum + count, 0)).toBe(400);
  const refused = nodes[0]?.slices;
  expect([refused?.look(quota), refused?.view(quota)?.left]).toEqual(["spent", 0]);
  for (const node of nodes) await node.drain();
});

test("a killed node loses the slice in its hand and no more", async () => {
  await using base = await createTestDatabase();
  await addTenant(base);
  const quota = quotaOf("ten_a", "lic_a", { kind: "day", calls: 320 });
  const killed = boot(base, "nod_1");
  expect(await serveAll(killed, quota, 1)).toBe(1);
  await killed.kill();
  const other = boot(base, "nod_2");
  expect(await serveAll(other, quota)).toBe(310);
  await other.drain();
});

test("a period is the tenant's own, by the store's clock", async () => {
  await using base = await createTestDatabase();
  await addTenant(base, "Pacific/Kiritimati");
  const rows = createQuotaRows(base.db);
  for (const kind of ["day", "month"] as const) {
    const granted = await rows.lease(quotaOf("ten_a", "lic_a", { kind, calls: 64 }));
    const { rows: said } = await sql<{ starts_on: string; ends_ms: number }>`
      SELECT to_char(date_trunc(${kind}, now() AT TIME ZONE 'Pacific/Kiritimati'), 'YYYY-MM-DD') AS starts_on,
             (extract(epoch FROM ((date_trunc(${kind}, now() AT TIME ZONE 'Pacific/Kiritimati') + ${`1 ${kind}`}::interval)
                                  AT TIME ZONE 'Pacific/Kiritimati') - clock_timestamp()) * 1000)::float8 AS ends_ms`.execute(base.db);
    expect([granted.calls, granted.rest, granted.startsOn]).toEqual([2, 62, said[0]?.starts_on]);
    expect(Math.abs(granted.endsInMs - (said[0]?.ends_ms ?? 0))).toBeLessThan(60_000);
  }
});
