import type { Db } from "../../db/database.ts";
import type { Clock } from "../../platform/clock.ts";
import { newId } from "../../platform/ids.ts";
import type { Log } from "../../platform/log.ts";
import { openGsan } from "../connection/open-gsan.ts";
import { captureLeaseName } from "./capture-lease.ts";
import type { CaptureLimits } from "./capture-limits.ts";
import { type GsanColumns, probeGsanColumns } from "./gsan-columns.ts";
import { keepLease, type KeptLease } from "./lease-keeper.ts";
import type { ActiveBase } from "./load-bases.ts";
import { createPassSchedule, type PassIntervals, type PassSchedule, type PassState } from "./pass-schedule.ts";

export type CaptureSchedule = PassIntervals & {
  /** A crashed holder is replaced after this. */
  leaseMs: number;
};

export type WorkerOptions = {
  db: Db;
  log: Log;
  clock: Clock;
  nodeId: string;
  schedule: CaptureSchedule;
  limits: CaptureLimits;
};

/** standby: another process captures this base. */
export type Turn = "standby" | PassState;

/** Does the passes of one base, one turn at a time. */
export type BaseWorker = {
  /** Runs every pass that is due. Throws what a database threw; the next turn starts afresh. */
  turn(base: ActiveBase): Promise<Turn>;
  /** Makes a running turn end at its next page boundary. */
  stop(): void;
  /** Gives the lease back and closes the connections. */
  close(): Promise<void>;
};

/** What is known while the lease is held. */
type Tenure = { kept: KeptLease; columns: GsanColumns; passes: PassSchedule };

export function createBaseWorker(options: WorkerOptions, url: ActiveBase["url"]): BaseWorker {
  const { db, log, clock, schedule, limits } = options;
  const holder = `${options.nodeId}/${newId("cap")}`;
  const gsan = openGsan({ url, max: 2, applicationName: "aqueduto-capture", statementTimeoutMs: 30_000 });
  let tenure: Tenure | undefined;
  let stopped = false;

  async function begin(base: ActiveBase): Promise<Tenure | undefined> {
    if (tenure !== undefined && !tenure.kept.lost()) return tenure;
    await end();
    // a base that cannot be read is left to a process that can
    const columns = await probeGsanColumns(gsan.pool);
    const kept = await keepLease(db, { name: captureLeaseName(base), holder, leaseMs: schedule.leaseMs });
    if (kept === undefined) return undefined;
    log.info({ base_id: base.baseId, fence: kept.lease.fence, lacks: columns.absent }, "capture of this base is ours");
    tenure = { kept, columns, passes: createPassSchedule(clock, log, schedule) };
    return tenure;
  }

  async function end(): Promise<void> {
    const ended = tenure;
    tenure = undefined;
    await ended?.kept.release();
  }

  return {
    turn: async (base) => {
      try {
        const now = await begin(base);
        if (now === undefined) return "standby";
        const stopping = () => stopped || now.kept.lost() || clock.monotonicMs() > now.passes.endsAt();
        const run = { db, gsan: gsan.pool, columns: now.columns, base, lease: now.kept.lease, clock, log, limits, stopping };
        return await now.passes.run(run, base.reconciledAt);
      } catch (error) {
        // what was known may be stale: a database restarted, or another process took over
        await end();
        throw error;
      }
    },
    stop: () => {
      stopped = true;
    },
    close: async () => {
      await end();
      await gsan.close();
    },
  };
}
