import type { GsanColumns } from "./gsan-columns.ts";
import type { GsanLook } from "./gsan-look.ts";

/** A payment as GSAN has it, reduced to what capture needs. Keys of other tables stay text. */
export type GsanPayment = {
  id: number;
  /** Decimal text. */
  amount: string;
  avbcId: string | null;
  clieId: string | null;
  cntaId: string | null;
  gpagId: string | null;
  imovId: string | null;
  /** In `pagamento`; false = only in the history. */
  open: boolean;
};

/** A GSAN key as a number. Throws RangeError beyond 2^53, where numbers would no longer be exact. */
export function gsanId(text: string): number {
  const id = Number(text);
  if (!Number.isSafeInteger(id)) throw new RangeError("payment id out of range");
  return id;
}

/** Ids travel as one text value: a tenth of the bytes and of the work of one row per id. */
function idList(text: string | null | undefined): number[] {
  return text === null || text === undefined || text === "" ? [] : text.split(",").map(gsanId);
}

async function readIds(look: GsanLook, sql: string, values: unknown[]): Promise<number[]> {
  const { rows } = await look.query<{ ids: string | null }>(sql, values);
  return idList(rows[0]?.ids);
}

/** The highest payment id of both tables; 0 when there is none. */
export async function highestId(look: GsanLook): Promise<number> {
  const ids = await readIds(
    look,
    `SELECT greatest((SELECT max(pgmt_id) FROM arrecadacao.pagamento),
                     (SELECT max(pghi_id) FROM arrecadacao.pagamento_historico), 0)::text AS ids`,
    [],
  );
  return ids[0] ?? 0;
}

/** The next ids above `after` in either table, ascending, each once. Fewer than `limit` = there are no more. */
export function idsAbove(look: GsanLook, after: number, limit: number): Promise<number[]> {
  return readIds(
    look,
    `SELECT string_agg(id::text, ',' ORDER BY id) AS ids FROM (
       SELECT id FROM (
         (SELECT pgmt_id AS id FROM arrecadacao.pagamento WHERE pgmt_id > $1::bigint ORDER BY pgmt_id LIMIT $2)
         UNION
         (SELECT pghi_id FROM arrecadacao.pagamento_historico WHERE pghi_id > $1::bigint ORDER BY pghi_id LIMIT $2)
       ) both_tables ORDER BY id LIMIT $2) page`,
    [after, limit],
  );
}

/** The next ids below `before` in either table, descending, each once. */
export function idsBelow(look: GsanLook, before: number, limit: number): Promise<number[]> {
  return readIds(
    look,
    `SELECT string_agg(id::text, ',' ORDER BY id DESC) AS ids FROM (
       SELECT id FROM (
         (SELECT pgmt_id AS id FROM arrecadacao.pagamento WHERE pgmt_id < $1::bigint ORDER BY pgmt_id DESC LIMIT $2)
         UNION
         (SELECT pghi_id FROM arrecadacao.pagamento_historico WHERE pghi_id < $1::bigint ORDER BY pghi_id DESC LIMIT $2)
       ) both_tables ORDER BY id DESC LIMIT $2) page`,
    [before, limit],
  );
}

/** Which of these ids are in neither table, and which only in the history. */
export async function findGone(look: GsanLook, ids: number[]): Promise<{ absent: number[]; closed: number[] }> {
  const open = new Set(
    await readIds(look, "SELECT string_agg(pgmt_id::text, ',') AS ids FROM arrecadacao.pagamento WHERE pgmt_id = ANY ($1::bigint[])", [
      ids,
    ]),
  );
  const gone = ids.filter((id) => !open.has(id));
  if (gone.length === 0) return { absent: [], closed: [] };
  const closed = new Set(
    await readIds(
      look,
      "SELECT string_agg(pghi_id::text, ',') AS ids FROM arrecadacao.pagamento_historico WHERE pghi_id = ANY ($1::bigint[])",
      [gone],
    ),
  );
  return { absent: gone.filter((id) => !closed.has(id)), closed: [...closed] };
}

type Row = Record<"id" | "amount", string> & Record<"avbc_id" | "clie_id" | "cnta_id" | "gpag_id" | "imov_id", string | null>;

/** The payments of these ids, by id ascending. A payment in both tables (closing under way) is taken as open. */
export async function readPayments(look: GsanLook, columns: GsanColumns, ids: number[]): Promise<GsanPayment[]> {
  const open = await readTable(look, columns, { table: "arrecadacao.pagamento", prefix: "pgmt" }, ids);
  const found = new Set(open.map((row) => row.id));
  const rest = ids.filter((id) => !found.has(String(id)));
  const closed =
    rest.length === 0 ? [] : await readTable(look, columns, { table: "arrecadacao.pagamento_historico", prefix: "pghi" }, rest);
  const payments = [...open.map((row) => toPayment(row, true)), ...closed.map((row) => toPayment(row, false))];
  return payments.toSorted((a, b) => a.id - b.id);
}

async function readTable(
  look: GsanLook,
  columns: GsanColumns,
  from: { table: string; prefix: "pgmt" | "pghi" },
  ids: number[],
): Promise<Row[]> {
  const references = ["avbc_id", "clie_id", "cnta_id", "gpag_id", "imov_id"].map((name) =>
    columns.has(from.table, name) ? `${name}::text AS ${name}` : `NULL::text AS ${name}`,
  );
  const { rows } = await look.query<Row>(
    `SELECT ${from.prefix}_id::text AS id, ${from.prefix}_vlpagamento::text AS amount, ${references.join(", ")}
     FROM ${from.table} WHERE ${from.prefix}_id = ANY ($1::bigint[])`,
    [ids],
  );
  return rows;
}

function toPayment(row: Row, open: boolean): GsanPayment {
  return {
    id: gsanId(row.id),
    amount: row.amount,
    avbcId: row.avbc_id,
    clieId: row.clie_id,
    cntaId: row.cnta_id,
    gpagId: row.gpag_id,
    imovId: row.imov_id,
    open,
  };
}
