import { sql } from "kysely";
import type { Db, Tx } from "../../db/database.ts";
import { platformTx } from "../../db/tx.ts";
import type { BaseKey } from "./seen-set.ts";

/** The right to capture one base, held until it expires unless renewed; `fence` grows at every change of holder. */
export type CaptureLease = { name: string; holder: string; fence: string; leaseMs: number };

/** Another process captures this base, the lease ran out, or the base is not active; nothing of the running transaction may commit. */
export class LeaseLostError extends Error {
  constructor(name: string) {
    super(`lease ${name} is no longer held`);
    this.name = "LeaseLostError";
  }
}

export function captureLeaseName(base: BaseKey): string {
  return `capture:${base.tenantId}/${base.baseId}`;
}

/** Takes the lease when it is free or expired; undefined when another holder has it. Times are the database's. */
export async function acquireLease(db: Db, wanted: { name: string; holder: string; leaseMs: number }): Promise<CaptureLease | undefined> {
  const { rows } = await platformTx(db, (tx) =>
    sql<{ fence: string }>`
      INSERT INTO aqueduto.lease AS held (name, holder, until)
      VALUES (${wanted.name}, ${wanted.holder}, clock_timestamp() + ${wanted.leaseMs} * interval '1 millisecond')
      ON CONFLICT (name) DO UPDATE
        SET holder = excluded.holder, until = excluded.until, fence = held.fence + 1
        WHERE held.until <= clock_timestamp()
      RETURNING fence::text`.execute(tx),
  );
  const row = rows[0];
  return row === undefined ? undefined : { ...wanted, fence: row.fence };
}

/**
 * Proves in the caller's transaction that the lease is still ours, and the base still active, and extends the lease. The
 * row stays locked until that transaction ends, so no other process can take over between this check and the commit.
 * A retired base may have another database at its address already. Throws LeaseLostError.
 */
export async function assertLease(tx: Tx, lease: CaptureLease): Promise<void> {
  const { rows } = await sql`
    UPDATE aqueduto.lease SET until = clock_timestamp() + ${lease.leaseMs} * interval '1 millisecond'
    WHERE name = ${lease.name} AND holder = ${lease.holder} AND fence = ${lease.fence}::bigint
      AND until > clock_timestamp()
      AND EXISTS (SELECT 1 FROM aqueduto.gsan_base b
                  WHERE b.state = 'active' AND 'capture:' || b.tenant_id || '/' || b.base_id = ${lease.name})
    RETURNING 1`.execute(tx);
  if (rows.length === 0) throw new LeaseLostError(lease.name);
}

export async function renewLease(db: Db, lease: CaptureLease): Promise<void> {
  await platformTx(db, (tx) => assertLease(tx, lease));
}

/** Gives the lease back, so that another process need not wait for it to expire. */
export async function releaseLease(db: Db, lease: CaptureLease): Promise<void> {
  await platformTx(db, (tx) =>
    sql`
      UPDATE aqueduto.lease SET until = clock_timestamp()
      WHERE name = ${lease.name} AND holder = ${lease.holder} AND fence = ${lease.fence}::bigint`.execute(tx),
  );
}
