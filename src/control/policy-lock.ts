import { sql } from "kysely";
import type { Tx } from "../db/database.ts";

/**
 * First statement of every verb that changes policy tables. Such changes queue at the epoch's row anyway, at their first
 * write; queueing before the first read means that no two of them deadlock and that what was read still holds.
 */
export async function lockPolicy(tx: Tx): Promise<void> {
  await sql`SELECT pg_advisory_xact_lock(hashtextextended('aqueduto.policy', 0))`.execute(tx);
}

/** The policy epoch as this transaction leaves it; read after the last write. */
export async function policyEpoch(tx: Tx): Promise<bigint> {
  const row = await tx.selectFrom("policy_epoch").select("epoch").executeTakeFirstOrThrow();
  return row.epoch;
}
