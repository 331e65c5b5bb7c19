import type pg from "pg";

/** One consistent view of GSAN: both payment tables as of the same instant. */
export type GsanLook = Pick<pg.ClientBase, "query">;

/**
 * Runs `work` in one REPEATABLE READ READ ONLY transaction, so that a payment on its way from `pagamento` to
 * `pagamento_historico` is seen in at least one of them. Nothing is ever written.
 */
export async function lookAtGsan<T>(pool: pg.Pool, work: (look: GsanLook) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  let broken: Error | undefined;
  // without a listener a connection that breaks between two queries would end the process
  const noteBroken = (error: Error) => {
    broken = error;
  };
  client.on("error", noteBroken);
  try {
    await client.query("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
    const result = await work(client);
    await client.query("COMMIT");
    return result;
  } catch (error) {
    broken ??= error instanceof Error ? error : new Error("GSAN transaction failed");
    throw error;
  } finally {
    client.off("error", noteBroken);
    // a failed transaction is ended by closing its connection: always right, and failures are rare
    client.release(broken);
  }
}
