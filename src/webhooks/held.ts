import { sql } from "kysely";
import type { Db } from "../db/database.ts";
import { platformTx } from "../db/tx.ts";
import type { Clock } from "../platform/clock.ts";
import type { TargetCache } from "./target-cache.ts";
import { type Variant, verdictOf } from "./target.ts";

type HeldGroup = { tenant_id: string; webhook_id: string; type: string; variant: Variant };

/**
 * Judges held deliveries anew: those whose cause is gone go back to pending, due now; those whose license has ended are
 * cancelled. Returns how many became pending.
 */
export async function reviewHeld(db: Db, cache: TargetCache, clock: Clock): Promise<number> {
  const groups = await platformTx(db, async (tx) => {
    const { rows } = await sql<HeldGroup>`SELECT DISTINCT tenant_id, webhook_id, type, variant FROM delivery WHERE state = 'held'`.execute(
      tx,
    );
    return rows;
  });
  if (groups.length === 0) return 0;
  await cache.refresh(groups.map((group) => ({ tenantId: group.tenant_id, webhookId: group.webhook_id })));
  let released = 0;
  for (const group of groups) released += await reviewGroup(db, cache, clock, group);
  return released;
}

async function reviewGroup(db: Db, cache: TargetCache, clock: Clock, group: HeldGroup): Promise<number> {
  const target = await cache.get({ tenantId: group.tenant_id, webhookId: group.webhook_id });
  const verdict = verdictOf(target, group, clock.now());
  if (verdict.do === "hold") return 0;
  const reason = verdict.do === "cancel" ? verdict.reason : null;
  const done = await platformTx(db, (tx) =>
    sql`UPDATE delivery SET state = ${reason === null ? "pending" : "cancelled"}, state_reason = ${reason},
          due_at = CASE WHEN ${reason}::text IS NULL THEN now() ELSE due_at END,
          ended_at = CASE WHEN ${reason}::text IS NULL THEN NULL ELSE now() END
        WHERE state = 'held' AND tenant_id = ${group.tenant_id} AND webhook_id = ${group.webhook_id} AND type = ${group.type}
          AND variant = ${group.variant}`.execute(tx),
  );
  return reason === null ? Number(done.numAffectedRows ?? 0n) : 0;
}
