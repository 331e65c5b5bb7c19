import type { ClientBase } from "pg";
import { AppError } from "../../../contract/errors.ts";
import { addMonths } from "../calendar.ts";
import { decimalToCents } from "../money.ts";
import type { Due, DueRequest } from "./due.ts";
import { issueBills } from "./issue-bills.ts";

type BillRow = { cnta_id: number; imov_id: number; loca_id: number; month: number; total: string };
type PropertyRow = { imov_id: number; loca_id: number; total: string };

/** Price of the smallest residential bill, for properties that never had one. */
const SMALLEST_BILL = "48.40";
/** Most properties that pay in advance in turns. */
const ADVANCE_PAYERS = 5000;

/**
 * Exactly `count` dues: open bills, oldest first; when they run out, bills of this and the next month are issued in the
 * same transaction; what is still missing is paid in advance.
 */
export async function chooseDues(client: ClientBase, request: DueRequest): Promise<Due[]> {
  await requireProperty(client, request.matricula);
  const dues = await openBills(client, request);
  for (const month of [request.at.month, addMonths(request.at.month, 1)]) {
    const missing = request.count - dues.length;
    if (missing > 0) {
      dues.push(...(await issueBills(client, { ...request, count: missing, month })));
    }
  }
  return [...dues, ...(await advances(client, { ...request, count: request.count - dues.length }))];
}

/**
 * Open = in conta with status 0, 1 or 2, not under review, nobody paid it (gsan.md 1.2). Locked bills are somebody
 * else's running transaction: skipped, not waited for.
 */
export async function openBills(client: ClientBase, request: DueRequest): Promise<Due[]> {
  const { rows } = await client.query<BillRow>(
    `SELECT c.cnta_id, c.imov_id, c.loca_id, c.cnta_amreferenciaconta AS month,
       (c.cnta_vlagua + c.cnta_vlesgoto + c.cnta_vldebitos - c.cnta_vlcreditos - coalesce(c.cnta_vlimpostos, 0))::text AS total
     FROM faturamento.conta c JOIN cadastro.imovel i ON i.imov_id = c.imov_id
     WHERE c.dcst_idatual IN (0, 1, 2) AND c.cnta_dtrevisao IS NULL AND c.cmrv_id IS NULL
       AND i.imov_icexclusao IS DISTINCT FROM 1 AND ($1::int IS NULL OR c.imov_id = $1)
       AND c.cnta_vlagua + c.cnta_vlesgoto + c.cnta_vldebitos - c.cnta_vlcreditos - coalesce(c.cnta_vlimpostos, 0) > 0
       AND NOT EXISTS (SELECT FROM arrecadacao.pagamento p WHERE p.cnta_id = c.cnta_id)
     ORDER BY c.cnta_dtvencimentoconta, c.cnta_id LIMIT $2 FOR UPDATE OF c SKIP LOCKED`,
    [request.matricula ?? null, request.count],
  );
  return rows.map((row) => ({
    billId: row.cnta_id,
    matricula: row.imov_id,
    localityId: row.loca_id,
    month: row.month,
    cents: decimalToCents(row.total),
  }));
}

/** Payments for months that have no bill: the chosen property again and again, or connected properties in turns. */
export async function advances(client: ClientBase, request: DueRequest): Promise<Due[]> {
  if (request.count <= 0) {
    return [];
  }
  const { rows } = await client.query<PropertyRow>(
    `SELECT i.imov_id, i.loca_id, coalesce(b.total, $3)::text AS total
     FROM cadastro.imovel i LEFT JOIN LATERAL (
       SELECT c.cnta_vlagua + c.cnta_vlesgoto AS total FROM faturamento.conta c WHERE c.imov_id = i.imov_id
       ORDER BY c.cnta_amreferenciaconta DESC, c.cnta_id DESC LIMIT 1) b ON true
     WHERE (i.imov_id = $1 OR ($1::int IS NULL AND i.last_id = 3 AND i.imov_icexclusao IS DISTINCT FROM 1))
     ORDER BY i.imov_id LIMIT $2`,
    [request.matricula ?? null, Math.min(request.count, ADVANCE_PAYERS), SMALLEST_BILL],
  );
  const first = addMonths(request.at.month, 2);
  return Array.from({ length: rows.length === 0 ? 0 : request.count }, (_, index) => {
    const turn = Math.floor(index / rows.length);
    return advance(rows[index % rows.length] ?? rows[0], addMonths(first, turn % 12));
  }).filter((due) => due !== undefined);
}

function advance(row: PropertyRow | undefined, month: number): Due | undefined {
  return row && { billId: null, matricula: row.imov_id, localityId: row.loca_id, month, cents: decimalToCents(row.total) };
}

async function requireProperty(client: ClientBase, matricula: number | undefined): Promise<void> {
  const { rowCount } = await client.query(
    `SELECT FROM cadastro.imovel WHERE ($1::int IS NULL OR imov_id = $1) AND imov_icexclusao IS DISTINCT FROM 1
       AND ($1::int IS NOT NULL OR last_id = 3) LIMIT 1`,
    [matricula ?? null],
  );
  if (rowCount === 0) {
    throw new AppError("invalid-field", "the demo base has no such property", { pointer: "/matricula" });
  }
}
