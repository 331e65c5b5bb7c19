import type { Db } from "../../db/database.ts";
import { acquireLease, type CaptureLease, releaseLease, renewLease } from "./capture-lease.ts";

/** A lease that is kept alive by a heartbeat. `lost` = a renewal failed; the next write decides, for it checks. */
export type KeptLease = { lease: CaptureLease; lost(): boolean; release(): Promise<void> };

/** Takes the lease and renews it every third of its length until released; undefined when another holder has it. */
export async function keepLease(db: Db, wanted: { name: string; holder: string; leaseMs: number }): Promise<KeptLease | undefined> {
  const lease = await acquireLease(db, wanted);
  if (lease === undefined) return undefined;
  let lost = false;
  const beat = () => {
    renewLease(db, lease).catch(() => {
      lost = true;
    });
  };
  const heartbeat = setInterval(beat, wanted.leaseMs / 3).unref();
  return {
    lease,
    lost: () => lost,
    release: async () => {
      clearInterval(heartbeat);
      await releaseLease(db, lease).catch(() => undefined); // then it expires by itself
    },
  };
}
