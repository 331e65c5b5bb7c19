import { expect, test } from "vitest";
import { type CaptureStage, quietLog, useCaptureBed } from "../../../test/helpers/capture.ts";
import { tenantTx } from "../../db/tx.ts";
import { createPassSchedule } from "./pass-schedule.ts";

const bed = useCaptureBed();
const intervals = { fastEveryMs: 1_000, overlapEveryMs: 3_600_000, absenceEveryMs: 30_000, reconcileEveryMs: 86_400_000 };

/** Payments that a look has missed. */
function missed(stage: CaptureStage): Promise<bigint[]> {
  return tenantTx(stage.platform.db, "ten_a", async (tx) => {
    const rows = await tx.selectFrom("capture_payment").select("pgmt_id").where("absent_since", "is not", null).execute();
    return rows.map((row) => row.pgmt_id);
  });
}

test("a long absence pass rests four times its length, however short the reversal delay is", async () => {
  await using stage = await bed.stage();
  let nowMs = 0;
  // each page takes 5 s in the first turn
  let pageMs = 5_000;
  const run = await stage.open({
    stopping: () => {
      nowMs += pageMs;
      return false;
    },
  });
  const schedule = createPassSchedule({ now: () => stage.clock.now(), monotonicMs: () => nowMs }, quietLog, intervals);
  const turn = () => schedule.run(run, stage.clock.now());
  await stage.gsan.pay({ id: 1, clie: 1400 });
  await turn();
  pageMs = 0;
  nowMs += 120_000;
  await stage.gsan.pay({ id: 2, clie: 1400 });
  await turn();
  pageMs = 5_000;
  nowMs += 1_000;
  await turn();
  pageMs = 0;
  await stage.gsan.remove(2);
  nowMs += 10_000;
  await turn();
  expect(await missed(stage)).toEqual([]);
  nowMs += 300_000;
  await turn();
  expect(await missed(stage)).toEqual([2n]);
});
