import { AppError } from "../../../contract/errors.ts";
import { requiredNumber, requiredText, type Answer, type Operation, type OperationContext } from "../operation.ts";
import { monthOf, trimmed } from "./gsan-values.ts";
import { requireProperty, requirePropertyColumns } from "./require-property.ts";

// the closing moves a payment to the history under the same id, so a page boundary by id survives it;
// a row that stands in both is answered once
const sql = `
  SELECT p.*, f.arfm_dsarrecadacaoforma AS channel
  FROM (
    SELECT a.pgmt_id AS payment_id, a.cnta_id, a.pgmt_amreferenciapagamento AS reference, a.pgmt_dtpagamento AS paid_on,
           a.pgmt_vlpagamento AS amount, a.arfm_id, a.pgst_idatual AS classification
    FROM arrecadacao.pagamento a WHERE a.imov_id = $1 AND a.pgmt_id < $2::bigint
    UNION ALL
    SELECT h.pghi_id, h.cnta_id, h.pghi_amreferenciapagamento, h.pghi_dtpagamento, h.pghi_vlpagamento, h.arfm_id, h.pgst_idatual
    FROM arrecadacao.pagamento_historico h
    WHERE h.imov_id = $1 AND h.pghi_id < $2::bigint
      AND NOT EXISTS (SELECT 1 FROM arrecadacao.pagamento a WHERE a.pgmt_id = h.pghi_id)
  ) p
  LEFT JOIN arrecadacao.arrecadacao_forma f ON f.arfm_id = p.arfm_id
  ORDER BY p.payment_id DESC
  LIMIT $3`;

type Row = {
  payment_id: number;
  cnta_id: number | null;
  reference: number | null;
  paid_on: string;
  amount: string;
  classification: number | null;
  channel: string | null;
};

const newest = 9_223_372_036_854_775_807n;

/** GET /v1/properties/{ref}/payments: pagamento and pagamento_historico as one list by id, newest first. */
export const listPropertyPayments: Operation = {
  columns: {
    ...requirePropertyColumns,
    "arrecadacao.pagamento": [
      "pgmt_id",
      "imov_id",
      "cnta_id",
      "pgmt_amreferenciapagamento",
      "pgmt_dtpagamento",
      "pgmt_vlpagamento",
      "arfm_id",
      "pgst_idatual",
    ],
    "arrecadacao.pagamento_historico": [
      "pghi_id",
      "imov_id",
      "cnta_id",
      "pghi_amreferenciapagamento",
      "pghi_dtpagamento",
      "pghi_vlpagamento",
      "arfm_id",
      "pgst_idatual",
    ],
    "arrecadacao.arrecadacao_forma": ["arfm_id", "arfm_dsarrecadacaoforma"],
  },

  async answer(context, input) {
    const ref = requiredText(input.params, "ref");
    const before = startOf(context, BigInt(ref), input.query["after"]);
    const place = await requireProperty(context, Number(ref));
    const limit = requiredNumber(input.query, "limit");
    const rows = await context.query<Row>(sql, [Number(ref), before, limit + 1]);
    const page = rows.slice(0, limit);
    const last = rows.length > limit ? page.at(-1) : undefined;
    return {
      matricula: ref,
      ...place,
      items: page.map(item),
      next: last === undefined ? null : context.cursor.write(BigInt(ref), BigInt(last.payment_id)),
    };
  },
};

function startOf(context: OperationContext, owner: bigint, after: string | number | undefined): bigint {
  if (after === undefined) return newest;
  const id = context.cursor.read(owner, String(after));
  if (id === undefined) throw new AppError("invalid-field", "this cursor was not made for this list", { pointer: "/query/after" });
  return id;
}

function item(row: Row): Answer {
  return {
    payment_id: String(row.payment_id),
    bill_id: row.cnta_id === null ? null : String(row.cnta_id),
    reference: monthOf(row.reference),
    paid_on: row.paid_on,
    amount: row.amount,
    channel: trimmed(row.channel),
    classification: row.classification,
  };
}
