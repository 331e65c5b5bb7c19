import { platformTx } from "../../db/tx.ts";
import type { Log } from "../../platform/log.ts";
import { startRepeating } from "../../platform/repeat.ts";
import { servingNodes } from "./judge-nodes.ts";
import { lookAgain } from "./look-again.ts";
import { revocationColumns } from "./row.ts";
import type { SettleDeps } from "./settle.ts";

const everyMs = 1_000;
const batch = 1_000;

/** Looks anew at the oldest revocations, of all tenants, that are not in force; returns how many are now. */
export async function settleRevocations(deps: SettleDeps): Promise<number> {
  const open = await platformTx(deps.db, (tx) =>
    tx
      .selectFrom("revocation")
      .select([...revocationColumns, "tenant_id"])
      .where("state", "=", "committed")
      .orderBy("requested_at")
      .limit(batch)
      .execute(),
  );
  if (open.length === 0) return 0;
  const serving = await servingNodes(deps.db);
  let settled = 0;
  for (const row of open) if ((await lookAgain(deps, { tenantId: row.tenant_id, row }, serving)).state === "in_force") settled += 1;
  return settled;
}

/** Turns revocations `in_force` each second as nodes come home or their bounds pass. */
export function startRevocationJob(deps: SettleDeps, log: Log): { stop(): Promise<void> } {
  return startRepeating({
    everyMs,
    turn: () => settleRevocations(deps),
    failed: "open revocations could not be looked at; tried again in 1 s",
    log,
  });
}
