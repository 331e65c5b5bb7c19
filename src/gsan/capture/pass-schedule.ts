import type { Clock } from "../../platform/clock.ts";
import type { Log } from "../../platform/log.ts";
import { absencePass } from "./absence-pass.ts";
import { continueBaseline } from "./baseline.ts";
import type { CaptureRun } from "./capture-run.ts";
import { reconcile } from "./reconcile.ts";
import { heldTooLong } from "./retry-held.ts";
import { fastPass, overlapPass } from "./scan-pass.ts";

/** How often each pass runs. */
export type PassIntervals = {
  fastEveryMs: number;
  overlapEveryMs: number;
  /**
   * At most; a base with a short reversal delay is looked at twice within it. A long pass rests four times its length,
   * so that new payments do not wait behind it.
   */
  absenceEveryMs: number;
  reconcileEveryMs: number;
};

/** baseline: the window of late batches is not marked yet, nothing is captured; live: the passes run. */
export type PassState = "baseline" | "live";

/** Runs the passes of one base that are due; remembers when each ran. */
export type PassSchedule = {
  /** When the pass under way must end at a page boundary (monotonic). */
  endsAt(): number;
  run(run: CaptureRun, lastReconciledAt: Date): Promise<PassState>;
};

const alarmEveryMs = 3_600_000;
// the daily comparison reads a month in one query; the other passes are short
const reconcilePasses = 20;
// an absence pass reads all payments of 48 h again
const absenceRest = 4;
const never = Number.NEGATIVE_INFINITY;

/** A new schedule has everything due at once: a new holder does not know what the last one did. */
export function createPassSchedule(clock: Clock, log: Log, intervals: PassIntervals): PassSchedule {
  const last = { overlap: never, absence: never, alarm: never };
  let looked: { cursor?: number; restMs: number } = { restMs: 0 };
  let baselineDone = false;
  let reconciledAt: Date | undefined;
  let endsAt = 0;

  async function baseline(run: CaptureRun): Promise<boolean> {
    if (baselineDone) return true;
    const progress = await continueBaseline(run);
    baselineDone = progress.done;
    if (progress.done) log.info({ base_id: run.base.baseId }, "baseline done");
    return progress.usable;
  }

  async function overlap(run: CaptureRun): Promise<void> {
    if (clock.monotonicMs() - last.overlap < intervals.overlapEveryMs) return;
    const { complete } = await overlapPass(run);
    if (!complete) return;
    last.overlap = clock.monotonicMs();
    await reportHeld(run);
  }

  async function reportHeld(run: CaptureRun): Promise<void> {
    if (clock.monotonicMs() - last.alarm < alarmEveryMs) return;
    const { count, oldest } = await heldTooLong(run);
    if (count === 0) return;
    last.alarm = clock.monotonicMs();
    log.error({ base_id: run.base.baseId, count, oldest }, "payments are held: their client is not known");
  }

  async function absence(run: CaptureRun): Promise<void> {
    const everyMs = Math.max(Math.min(intervals.absenceEveryMs, run.base.reversalDelayMs / 2), looked.restMs);
    const begunMs = clock.monotonicMs();
    if (begunMs - last.absence < everyMs) return;
    const { cursor } = await absencePass(run, looked.cursor);
    last.absence = clock.monotonicMs();
    looked = { cursor, restMs: absenceRest * (last.absence - begunMs) };
  }

  async function reconciliation(run: CaptureRun, before: Date): Promise<void> {
    const since = clock.now().getTime() - (reconciledAt ?? before).getTime();
    if (!baselineDone || since < intervals.reconcileEveryMs) return;
    const outcome = await reconcile(run);
    if (outcome === undefined) return;
    reconciledAt = clock.now();
    log.info({ base_id: run.base.baseId, ...outcome }, "reconciled with GSAN");
  }

  function timed<T>(lengthMs: number, pass: () => Promise<T>): Promise<T> {
    endsAt = clock.monotonicMs() + lengthMs;
    return pass();
  }

  return {
    endsAt: () => endsAt,
    run: async (run, before) => {
      const { passMs } = run.limits;
      if (!(await timed(passMs, () => baseline(run)))) return "baseline";
      await timed(passMs, () => fastPass(run));
      await timed(passMs, () => overlap(run));
      await timed(passMs, () => absence(run));
      await timed(passMs * reconcilePasses, () => reconciliation(run, before));
      return "live";
    },
  };
}
