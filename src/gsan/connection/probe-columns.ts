import type { Queryable } from "./open-gsan.ts";

/** `schema.table` -> the columns a reader selects. */
export type NeededColumns = Readonly<Record<string, readonly string[]>>;

export type ColumnProbe = {
  /** Needed columns (`schema.table.column`) that this base lacks or our role may not read; empty = fit to serve. */
  missing: string[];
  /** Whether an optional column exists and may be read: branches of GSAN differ. */
  has(table: string, column: string): boolean;
};

const sql = `
  SELECT table_schema || '.' || table_name AS table_name, column_name
  FROM information_schema.columns
  WHERE table_schema || '.' || table_name = ANY ($1::text[])`;

/**
 * Reads information_schema for the needed tables. It shows only columns on which our role has a right, so a missing
 * GRANT is reported like a missing column. Columns that the base has beyond the needed ones are ignored.
 */
export async function probeColumns(queryable: Queryable, needed: NeededColumns): Promise<ColumnProbe> {
  const { rows } = await runProbe(queryable, Object.keys(needed));
  const found = new Set(rows.map((row) => `${row.table_name}.${row.column_name}`));
  const wanted = Object.entries(needed).flatMap(([table, columns]) => columns.map((column) => `${table}.${column}`));
  return {
    missing: wanted.filter((name) => !found.has(name)),
    has: (table, column) => found.has(`${table}.${column}`),
  };
}

type Row = { table_name: string; column_name: string };

function runProbe(queryable: Queryable, tables: string[]): Promise<{ rows: Row[] }> {
  return queryable.query<Row>(sql, [tables]);
}

export type ServerProbe = { versionNumber: number; encoding: string };

/** Version (e.g. 150018) and encoding of the server; SQL_ASCII means that text arrives unconverted. */
export async function probeServer(queryable: Queryable): Promise<ServerProbe> {
  const { rows } = await queryable.query<{ version: string; encoding: string }>(
    "SELECT current_setting('server_version_num') AS version, current_setting('server_encoding') AS encoding",
  );
  const row = rows[0];
  return { versionNumber: Number(row?.version ?? 0), encoding: row?.encoding ?? "" };
}
