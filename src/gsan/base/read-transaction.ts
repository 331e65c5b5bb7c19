import type pg from "pg";
import { AppError } from "../../contract/errors.ts";

export type ReadQuery = <Row>(sql: string, values: unknown[]) => Promise<Row[]>;

/** How long the caller still waits, and a clock that never goes back. */
export type Deadline = { remainingMs(): number };

export function deadlineIn(timeoutMs: number, monotonicMs: () => number): Deadline {
  const end = monotonicMs() + timeoutMs;
  return { remainingMs: () => end - monotonicMs() };
}

/** What the server still has after ours has passed, to say so by itself. */
const graceMs = 250;

/**
 * Runs `work` in one REPEATABLE READ READ ONLY transaction, so all its statements see one state. Each statement is
 * ended by the server at the deadline; a server that does not answer at all loses the connection shortly after.
 * Throws `upstream-timeout` when the deadline passed, and what pg throws otherwise.
 */
export async function readTransaction<T>(pool: pg.Pool, deadline: Deadline, work: (query: ReadQuery) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  const giveBack = onceOnly((broken: boolean) => client.release(broken));
  const guard = setTimeout(() => giveBack(true), Math.max(deadline.remainingMs(), 1) + graceMs);
  try {
    await client.query(`BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL statement_timeout = ${statementTimeoutMs(deadline)}`);
    const result = await work((sql, values) => runQuery(client, { sql, values }));
    await client.query("COMMIT");
    giveBack(false);
    return result;
  } catch (error) {
    giveBack(!(await rollBack(client)));
    throw deadline.remainingMs() <= 0 ? new AppError("upstream-timeout", undefined, { cause: error }) : error;
  } finally {
    clearTimeout(guard);
  }
}

/** The guard and the ordinary end may both give the connection back; the pool accepts it once. */
function onceOnly(act: (broken: boolean) => void): (broken: boolean) => void {
  let done = false;
  return (broken) => {
    if (!done) act(broken);
    done = true;
  };
}

function statementTimeoutMs(deadline: Deadline): number {
  const remaining = Math.floor(deadline.remainingMs());
  if (remaining < 1) throw new AppError("upstream-timeout");
  return remaining;
}

/** Prepared once a connection: planning a join of ten tables takes the server longer than reading the one row. */
async function runQuery<Row>(client: pg.PoolClient, statement: { sql: string; values: unknown[] }): Promise<Row[]> {
  const { rows } = await client.query<Row & pg.QueryResultRow>({
    name: statementName(statement.sql),
    text: statement.sql,
    values: statement.values,
  });
  return rows;
}

const names = new Map<string, string>();

/** One name a text; the texts are this program's own constants. */
function statementName(sql: string): string {
  const name = names.get(sql) ?? `base_${names.size}`;
  names.set(sql, name);
  return name;
}

/** Whether the connection is clean again. */
function rollBack(client: pg.PoolClient): Promise<boolean> {
  return client.query("ROLLBACK").then(
    () => true,
    () => false,
  );
}
