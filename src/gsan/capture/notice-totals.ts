import { sql } from "kysely";
import type { Tx } from "../../db/database.ts";
import type { GsanColumns } from "./gsan-columns.ts";
import type { GsanLook } from "./gsan-look.ts";
import { gsanId } from "./gsan-payment.ts";
import type { BaseKey } from "./seen-set.ts";

/** Count and decimal sum of the payments of one bank notice (aviso bancário). */
export type NoticeTotal = { count: string; sum: string };

const nothing: NoticeTotal = { count: "0", sum: "0" };

// one sequential pass over a month of payments, once a day
const statementTimeoutMs = 600_000;

/** The payments above `$1` of both tables, each once; notice 0 = none named. */
function paymentsAbove(columns: GsanColumns): string {
  const open = columns.has("arrecadacao.pagamento", "avbc_id") ? "coalesce(p.avbc_id, 0)" : "0";
  const closed = columns.has("arrecadacao.pagamento_historico", "avbc_id") ? "coalesce(h.avbc_id, 0)" : "0";
  return `
    SELECT p.pgmt_id AS id, ${open} AS notice, p.pgmt_vlpagamento AS amount
    FROM arrecadacao.pagamento p WHERE p.pgmt_id > $1::bigint
    UNION ALL
    SELECT h.pghi_id, ${closed}, h.pghi_vlpagamento
    FROM arrecadacao.pagamento_historico h WHERE h.pghi_id > $1::bigint
      AND NOT EXISTS (SELECT 1 FROM arrecadacao.pagamento p WHERE p.pgmt_id = h.pghi_id AND p.pgmt_id > $1::bigint)`;
}

/** What GSAN has above `from`, by notice. */
export async function gsanTotals(look: GsanLook, columns: GsanColumns, from: number): Promise<Map<number, NoticeTotal>> {
  await look.query(`SET LOCAL statement_timeout = ${statementTimeoutMs}`);
  const { rows } = await look.query<{ notice: string } & NoticeTotal>(
    `SELECT notice::text, count(*)::text AS count, sum(amount)::text AS sum
     FROM (${paymentsAbove(columns)}) payments GROUP BY notice`,
    [from],
  );
  return new Map(rows.map((row) => [gsanId(row.notice), row]));
}

/** What was captured above `from` and should still be in GSAN, by notice: from our own ledger, not from the seen-set. */
export async function capturedTotals(tx: Tx, base: BaseKey, from: number): Promise<Map<number, NoticeTotal>> {
  const { rows } = await sql<{ notice: string } & NoticeTotal>`
    SELECT coalesce(avbc_id, 0)::text AS notice, count(*)::text AS count, sum(amount)::text AS sum
    FROM aqueduto.capture_payment
    WHERE tenant_id = ${base.tenantId} AND base_id = ${base.baseId} AND pgmt_id > ${from}
      AND state IN ('held', 'sent', 'closed') AND absent_since IS NULL
    GROUP BY coalesce(avbc_id, 0)`.execute(tx);
  return new Map(rows.map((row) => [gsanId(row.notice), row]));
}

export type NoticeDifference = { notice: number; gsan: NoticeTotal; seen: NoticeTotal };

/** The notices whose count or sum differ. Sums are compared as decimals: 10.5 and 10.50 are one amount. */
export function differences(gsan: Map<number, NoticeTotal>, seen: Map<number, NoticeTotal>): NoticeDifference[] {
  return [...new Set([...gsan.keys(), ...seen.keys()])]
    .map((notice) => ({ notice, gsan: gsan.get(notice) ?? nothing, seen: seen.get(notice) ?? nothing }))
    .filter((one) => one.gsan.count !== one.seen.count || plain(one.gsan.sum) !== plain(one.seen.sum))
    .toSorted((a, b) => a.notice - b.notice);
}

function plain(decimal: string): string {
  return decimal.includes(".") ? decimal.replace(/\.?0+$/, "") : decimal;
}

/** The next ids above `after` that belong to one of these notices, ascending. */
export async function idsOfNotices(
  look: GsanLook,
  columns: GsanColumns,
  notices: number[],
  page: { after: number; limit: number },
): Promise<number[]> {
  const { rows } = await look.query<{ id: string }>(
    `SELECT id::text FROM (${paymentsAbove(columns)}) payments
     WHERE notice = ANY ($2::bigint[]) ORDER BY id LIMIT $3`,
    [page.after, notices, page.limit],
  );
  return rows.map((row) => gsanId(row.id));
}
