import { sql } from "kysely";
import type { Db, Tx } from "./database.ts";

const platform = "*";

/**
 * Runs `work` in one transaction that sees and writes rows of this tenant alone (row security reads
 * `aqueduto.tenant`, which ends with the transaction). Commits when `work` resolves, rolls back when it throws.
 */
export function tenantTx<T>(db: Db, tenantId: string, work: (tx: Tx) => Promise<T>): Promise<T> {
  if (tenantId === platform || tenantId === "") return Promise.reject(new RangeError("a tenant id is needed"));
  return transaction(db, tenantId, work);
}

/**
 * Runs `work` in one transaction that sees every tenant. Only for the platform's own work: snapshot load, dispatch,
 * capture, journal shipper, lookup of an API key.
 */
export function platformTx<T>(db: Db, work: (tx: Tx) => Promise<T>): Promise<T> {
  return transaction(db, platform, work);
}

function transaction<T>(db: Db, tenant: string, work: (tx: Tx) => Promise<T>): Promise<T> {
  return db.transaction().execute(async (tx) => {
    await sql`SELECT set_config('aqueduto.tenant', ${tenant}, true)`.execute(tx);
    return work(tx);
  });
}
