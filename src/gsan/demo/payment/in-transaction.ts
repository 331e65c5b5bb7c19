import type { Pool, PoolClient } from "pg";

/** Serializes the demo's own writers: pay, close-month and reverse never choose the same rows. */
const WRITER_LOCK = "SELECT pg_advisory_xact_lock(7236001)";

/** Runs `work` in one transaction of its own connection; commits before it resolves. */
export async function inTransaction<T>(pool: Pool, work: (client: PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  let broken: Error | undefined;
  try {
    await client.query("BEGIN");
    await client.query(WRITER_LOCK);
    const result = await work(client);
    await client.query("COMMIT");
    return result;
  } catch (error) {
    broken = await rollBack(client);
    throw error;
  } finally {
    client.release(broken);
  }
}

/** A connection that cannot even roll back must leave the pool. */
async function rollBack(client: PoolClient): Promise<Error | undefined> {
  try {
    await client.query("ROLLBACK");
    return undefined;
  } catch (error) {
    return error instanceof Error ? error : new Error("rollback failed");
  }
}
