import { expect, test } from "vitest";
import { type CaptureStage, idsSent, useCaptureBed } from "../../../test/helpers/capture.ts";
import { tenantTx } from "../../db/tx.ts";
import { absencePass } from "./absence-pass.ts";
import { continueBaseline } from "./baseline.ts";
import { reconcile } from "./reconcile.ts";
import { fastPass, overlapPass } from "./scan-pass.ts";
import { unseenIds } from "./seen-set.ts";

const bed = useCaptureBed();

const dayMs = 86_400_000;

type Stage = CaptureStage;
type Run = Awaited<ReturnType<Stage["open"]>>;

/** Days go by, with the passes of each day. */
async function passDays(stage: Stage, run: Run, days: number): Promise<void> {
  for (let day = 0; day < days; day += 1) {
    stage.clock.advance(dayMs);
    await fastPass(run);
    await overlapPass(run);
  }
}

function differencesOf(stage: Stage) {
  return tenantTx(stage.platform.db, "ten_a", (tx) =>
    tx
      .selectFrom("capture_difference")
      .select(["avbc_id", "gsan_count", "gsan_sum", "seen_count", "seen_sum", "repaired"])
      .orderBy("run_at")
      .orderBy("avbc_id")
      .execute(),
  );
}

test("a payment that commits three days late, below every pass, is found by its notice and sent", async () => {
  await using stage = await bed.stage();
  const run = await stage.open({ limits: { nearWindow: 0, overlapWindow: 0 } });
  await continueBaseline(run);
  await stage.gsan.pay({ id: 100, clie: 1400, avbc: 1 }, { id: 101, clie: 1400, avbc: 2, amount: "0.10" });
  await fastPass(run);
  await passDays(stage, run, 3);
  await stage.gsan.pay({ id: 50, clie: 1401, avbc: 2, amount: "0.20" });
  await overlapPass(run);
  expect(await idsSent(stage)).toEqual([100, 101]);
  expect(await reconcile(run)).toEqual({ notices: 2, differing: 1, repaired: 1 });
  expect(await idsSent(stage)).toEqual([100, 101, 50]);
  expect(await differencesOf(stage)).toEqual([
    { avbc_id: 2n, gsan_count: 2n, gsan_sum: "0.30", seen_count: 1n, seen_sum: "0.10", repaired: 1 },
  ]);
  stage.clock.advance(dayMs);
  expect(await reconcile(run)).toEqual({ notices: 2, differing: 0, repaired: 0 });
});

test("nothing differs after closings, reversals, held payments and payments that came in just now", async () => {
  await using stage = await bed.stage();
  const run = await stage.open();
  await stage.gsan.pay({ id: 1, clie: 1400 });
  await continueBaseline(run);
  await stage.gsan.pay({ id: 2, clie: 1400 }, { id: 3, clie: 1400, avbc: 2 }, { id: 4, avbc: 3 });
  await fastPass(run);
  await stage.gsan.remove(3);
  await absencePass(run);
  stage.clock.advance(60_000);
  await absencePass(run);
  await stage.gsan.closeMonth();
  await stage.gsan.pay({ id: 5, clie: 1400, avbc: 4 });
  expect(await reconcile(run)).toEqual({ notices: 3, differing: 0, repaired: 0 });
});

test("a removal that no look has seen yet is noticed by the comparison and reversed by the next looks", async () => {
  await using stage = await bed.stage();
  const run = await stage.open();
  await continueBaseline(run);
  await stage.gsan.pay({ id: 1, clie: 1400 }, { id: 2, clie: 1400 });
  await fastPass(run);
  await stage.gsan.remove(1);
  expect(await reconcile(run)).toEqual({ notices: 1, differing: 0, repaired: 0 });
  stage.clock.advance(2_000);
  expect(await absencePass(run)).toMatchObject({ reversed: 1 });
});

test("an amount that GSAN changed after it was sent is recorded and not sent again", async () => {
  await using stage = await bed.stage();
  const run = await stage.open();
  await continueBaseline(run);
  await stage.gsan.pay({ id: 1, clie: 1400, amount: "10.00" });
  await fastPass(run);
  await stage.gsan.run("UPDATE arrecadacao.pagamento SET pgmt_vlpagamento = 12.34");
  expect(await reconcile(run)).toEqual({ notices: 1, differing: 1, repaired: 0 });
  expect(await differencesOf(stage)).toEqual([
    { avbc_id: 1n, gsan_count: 1n, gsan_sum: "12.34", seen_count: 1n, seen_sum: "10.00", repaired: 0 },
  ]);
  expect(await idsSent(stage)).toEqual([1]);
});

test("closed payments leave the ledger after the retention, open ones stay, and none is ever sent again", async () => {
  await using stage = await bed.stage();
  const run = await stage.open({ limits: { scanPage: 2 } });
  await continueBaseline(run);
  await stage.gsan.pay(...[1, 2, 3, 4, 5].map((id) => ({ id, clie: 1400 })));
  await fastPass(run);
  await stage.gsan.closeMonth();
  await stage.gsan.pay({ id: 6, clie: 1400 });
  await fastPass(run);
  await passDays(stage, run, 36);
  await absencePass(run);
  expect(await reconcile(run)).toEqual({ notices: 0, differing: 0, repaired: 0 });
  const kept = await tenantTx(stage.platform.db, "ten_a", (tx) => tx.selectFrom("capture_payment").select(["pgmt_id", "state"]).execute());
  expect(kept).toEqual([{ pgmt_id: 6n, state: "sent" }]);
  expect(await tenantTx(run.db, "ten_a", (tx) => unseenIds(tx, run.base, [1, 5, 6, 7]))).toEqual([7]);
  await overlapPass({ ...run, limits: { ...run.limits, overlapMs: 365 * dayMs } });
  expect(await idsSent(stage)).toEqual([1, 2, 3, 4, 5, 6]);
});

test("marks are thinned to one an hour and dropped beyond the retention, but for the newest of those", async () => {
  await using stage = await bed.stage();
  const run = await stage.open({ limits: { overlapMs: 3_600_000, retentionMs: 10 * 3_600_000 } });
  await continueBaseline(run);
  for (let quarter = 0; quarter < 4 * 14; quarter += 1) {
    stage.clock.advance(15 * 60_000);
    await fastPass(run);
  }
  await reconcile(run);
  const marks = await tenantTx(stage.platform.db, "ten_a", (tx) =>
    tx.selectFrom("capture_mark").select("noted_at").orderBy("noted_at").execute(),
  );
  const ages = marks.map((mark) => (stage.clock.now().getTime() - mark.noted_at.getTime()) / 3_600_000);
  // the last two hours whole, one an hour before, one just beyond ten hours
  expect(ages.filter((age) => age <= 2)).toHaveLength(9);
  expect(ages.filter((age) => age > 2 && age < 10)).toHaveLength(7);
  expect(ages.filter((age) => age >= 10)).toEqual([10]);
});
