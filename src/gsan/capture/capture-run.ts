import type pg from "pg";
import type { ClientDigitRule } from "../../contract/client-id.ts";
import type { Db } from "../../db/database.ts";
import type { Clock } from "../../platform/clock.ts";
import type { Log } from "../../platform/log.ts";
import type { CaptureLease } from "./capture-lease.ts";
import type { CaptureLimits } from "./capture-limits.ts";
import type { GsanColumns } from "./gsan-columns.ts";

/** Which GSAN base, and how its tenant wants its payments written. */
export type CaptureBase = {
  tenantId: string;
  baseId: string;
  mode: "live" | "test";
  reversalDelayMs: number;
  digitRule: ClientDigitRule;
  /** A payment whose client is not known: held until it is, or sent with the property instead. */
  unknownClient: "hold" | "property";
};

/** What every pass needs: both databases, the fence it writes under, and when to stop. */
export type CaptureRun = {
  db: Db;
  gsan: pg.Pool;
  columns: GsanColumns;
  base: CaptureBase;
  lease: CaptureLease;
  clock: Clock;
  log: Log;
  limits: CaptureLimits;
  /** Asked between pages; a pass that stops keeps what it committed and is taken up by the next one. */
  stopping(): boolean;
};
