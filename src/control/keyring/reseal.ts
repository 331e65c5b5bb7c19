import { sql } from "kysely";
import { appendAdminEntry } from "../../audit/append.ts";
import type { Tx } from "../../db/database.ts";
import { platformTx } from "../../db/tx.ts";
import { openSealed, seal } from "../../platform/seal.ts";
import type { ActionContext } from "../context.ts";
import { lockPolicy } from "../policy-lock.ts";
import { requireScope } from "../require-scope.ts";
import { type SealedColumn, sealedColumns } from "./sealed-columns.ts";

const batch = 200;

type Row = Record<string, unknown> & { tenant_id: string; sealed: Buffer };

/**
 * Job: seals up to 200 values of each column anew that stand under another data key than the live one. Values are
 * readable all along, under the one key or the other. Returns how many were sealed; 0 = none is left.
 */
export async function resealBatch(ctx: Omit<ActionContext, "tenantId">): Promise<number> {
  requireScope(ctx, "keyring:write");
  let sealed = 0;
  for (const column of sealedColumns) {
    sealed += await platformTx(ctx.db, async (tx) => {
      if (!(await anyLeft(tx, column, ctx.keyring.data.kid))) return 0;
      if (column.policy) await lockPolicy(tx);
      const rows = await rowsLeft(tx, column, ctx.keyring.data.kid);
      for (const row of rows) await write(tx, column, row, seal(ctx.keyring.data, open(ctx, column, row), column.context(row)));
      for (const [tenantId, own] of Map.groupBy(rows, (row) => row.tenant_id))
        await appendAdminEntry(
          tx,
          { ...ctx, tenantId },
          {
            action: "keyring.reseal",
            target: { kind: "keyring", id: ctx.keyring.data.kid },
            detail: { column: `${column.table}.${column.column}`, rows: own.length },
          },
        );
      return rows.length;
    });
  }
  return sealed;
}

function open(ctx: Pick<ActionContext, "keyring">, column: SealedColumn, row: Row): Buffer {
  return openSealed(ctx.keyring, row.sealed, column.context(row));
}

/** The id of the key that sealed a value, see platform/seal.ts: one byte of version, one of length, then the id. */
function underOther({ column }: SealedColumn, kid: string) {
  const value = sql.ref(column);
  return sql`${value} IS NOT NULL AND substring(${value} FROM 3 FOR get_byte(${value}, 1)) <> ${Buffer.from(kid)}`;
}

async function anyLeft(tx: Tx, column: SealedColumn, kid: string): Promise<boolean> {
  const found = await sql`SELECT FROM ${sql.table(column.table)} WHERE ${underOther(column, kid)} LIMIT 1`.execute(tx);
  return found.rows.length > 0;
}

/** Rows that a verb is changing are left for the next batch. */
async function rowsLeft(tx: Tx, column: SealedColumn, kid: string): Promise<Row[]> {
  const names = sql.join(["tenant_id", ...column.key].map((name) => sql.ref(name)));
  const { rows } = await sql<Row>`
    SELECT ${names}, ${sql.ref(column.column)} AS sealed FROM ${sql.table(column.table)}
     WHERE ${underOther(column, kid)} LIMIT ${batch} FOR UPDATE SKIP LOCKED`.execute(tx);
  return rows;
}

async function write(tx: Tx, column: SealedColumn, row: Row, value: Buffer): Promise<void> {
  const is = ["tenant_id", ...column.key].map((name) => sql`${sql.ref(name)} = ${row[name]}`);
  await sql`UPDATE ${sql.table(column.table)} SET ${sql.ref(column.column)} = ${value} WHERE ${sql.join(is, sql` AND `)}`.execute(tx);
}

/** How many values of every column stand under each key. */
export async function countSealed(tx: Tx): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  for (const { table, column } of sealedColumns) {
    const value = sql.ref(column);
    const { rows } = await sql<{ kid: string; rows: bigint }>`
      SELECT convert_from(substring(${value} FROM 3 FOR get_byte(${value}, 1)), 'UTF8') AS kid, count(*) AS rows
        FROM ${sql.table(table)} WHERE ${value} IS NOT NULL GROUP BY 1`.execute(tx);
    for (const row of rows) counts.set(row.kid, (counts.get(row.kid) ?? 0) + Number(row.rows));
  }
  return counts;
}
