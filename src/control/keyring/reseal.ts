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

type Context = Omit<ActionContext, "tenantId">;
type Row = Record<string, unknown> & { tenant_id: string; sealed: Buffer };

/** How many values stand under the live key now, and names of those that no key opens: they stay as they are. */
export type Resealed = { sealed: number; unreadable: string[] };

/**
 * Job: seals up to 200 values of each column anew that stand under another data key than the live one. Values are
 * readable all along, under the one key or the other. One that does not open is left and told, and holds nothing up;
 * its key stays as it is, because an old data key never ends.
 */
export async function resealBatch(ctx: Context): Promise<Resealed> {
  requireScope(ctx, "keyring:write");
  const all: Resealed = { sealed: 0, unreadable: [] };
  for (const column of sealedColumns) {
    const done = await platformTx(ctx.db, async (tx): Promise<Resealed> => {
      if (!(await anyLeft(tx, column, ctx.keyring.data.kid))) return { sealed: 0, unreadable: [] };
      if (column.policy) await lockPolicy(tx);
      const { rows, unreadable } = await resealPage(tx, ctx, column);
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
      return { sealed: rows.length, unreadable };
    });
    all.sealed += done.sealed;
    all.unreadable.push(...done.unreadable);
  }
  return all;
}

/** The first page of which anything opens, sealed anew. */
async function resealPage(tx: Tx, ctx: Context, column: SealedColumn): Promise<{ rows: Row[]; unreadable: string[] }> {
  const unreadable: string[] = [];
  for (let after: Row | undefined; ;) {
    const page = await rowsLeft(tx, column, { kid: ctx.keyring.data.kid, after });
    const rows: Row[] = [];
    for (const row of page) {
      const plain = opened(ctx, column, row);
      if (plain === undefined) unreadable.push(nameOf(column, row));
      else rows.push(row);
      if (plain !== undefined) await write(tx, column, row, seal(ctx.keyring.data, plain, column.context(row)));
    }
    if (rows.length > 0 || page.length < batch) return { rows, unreadable };
    after = page.at(-1);
  }
}

/** Undefined when it does not open: damaged, moved from another row, or under a key that is not there. */
function opened(ctx: Pick<ActionContext, "keyring">, column: SealedColumn, row: Row): Buffer | undefined {
  try {
    return openSealed(ctx.keyring, row.sealed, column.context(row));
  } catch {
    return undefined;
  }
}

function nameOf(column: SealedColumn, row: Row): string {
  return `${column.table}.${column.column} of ${keyOf(column)
    .map((name) => String(row[name]))
    .join(" ")}`;
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

function keyOf(column: SealedColumn): string[] {
  return ["tenant_id", ...column.key];
}

/** Rows that a verb is changing are left for the next batch. */
async function rowsLeft(tx: Tx, column: SealedColumn, of: { kid: string; after: Row | undefined }): Promise<Row[]> {
  const { after } = of;
  const names = sql.join(keyOf(column).map((name) => sql.ref(name)));
  const behind = after === undefined ? sql`` : sql`AND (${names}) > (${sql.join(keyOf(column).map((name) => after[name]))})`;
  const { rows } = await sql<Row>`
    SELECT ${names}, ${sql.ref(column.column)} AS sealed FROM ${sql.table(column.table)}
     WHERE ${underOther(column, of.kid)} ${behind} ORDER BY ${names} LIMIT ${sql.lit(batch)} FOR UPDATE SKIP LOCKED`.execute(tx);
  return rows;
}

async function write(tx: Tx, column: SealedColumn, row: Row, value: Buffer): Promise<void> {
  const is = keyOf(column).map((name) => sql`${sql.ref(name)} = ${row[name]}`);
  await sql`UPDATE ${sql.table(column.table)} SET ${sql.ref(column.column)} = ${value} WHERE ${sql.join(is, sql` AND `)}`.execute(tx);
}

/** How many values of every column stand under each key. */
export async function countSealed(tx: Tx): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  for (const { table, column } of sealedColumns) {
    const value = sql.ref(column);
    // bytes that are no text would fail the whole list
    const { rows } = await sql<{ kid: Buffer; rows: bigint }>`
      SELECT substring(${value} FROM 3 FOR get_byte(${value}, 1)) AS kid, count(*) AS rows
        FROM ${sql.table(table)} WHERE ${value} IS NOT NULL GROUP BY 1`.execute(tx);
    for (const row of rows) counts.set(row.kid.toString(), (counts.get(row.kid.toString()) ?? 0) + Number(row.rows));
  }
  return counts;
}
