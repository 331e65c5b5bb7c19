import { AppError } from "../../../contract/errors.ts";
import { requiredText, type Operation } from "../operation.ts";
import { monthOf } from "./gsan-values.ts";
import { amountSql } from "./open-bills.ts";
import { placeJoins, placeSql, requirePropertyColumns } from "./require-property.ts";

// a bill is in conta or, after the monthly closing, in conta_historico under the same id; pre-billed (9) is no bill yet
const sql = `
  SELECT b.*, ${placeSql}, EXISTS (SELECT 1 FROM arrecadacao.pagamento p WHERE p.cnta_id = b.cnta_id) AS payment_named
  FROM (
    SELECT c.cnta_id, c.imov_id, c.cnta_amreferenciaconta AS reference, c.dcst_idatual AS situation, false AS closed,
           c.cnta_dtrevisao IS NOT NULL OR c.cmrv_id IS NOT NULL AS under_review,
           c.cnta_dtemissao AS issued_on, c.cnta_dtvencimentoconta AS due_on,
           c.cnta_vlagua AS water, c.cnta_vlesgoto AS sewage, c.cnta_vldebitos AS charges, c.cnta_vlcreditos AS credits,
           coalesce(c.cnta_vlimpostos, 0)::numeric(13,2) AS taxes, ${amountSql("c", "cnta")} AS amount,
           c.cnta_nnconsumoagua AS water_m3, c.cnta_nnconsumoesgoto AS sewage_m3
    FROM faturamento.conta c WHERE c.cnta_id = $1::bigint
    UNION ALL
    SELECT h.cnta_id, h.imov_id, h.cnhi_amreferenciaconta, h.dcst_idatual, true, false,
           h.cnhi_dtemissao, h.cnhi_dtvencimentoconta,
           h.cnhi_vlagua, h.cnhi_vlesgoto, h.cnhi_vldebitos, h.cnhi_vlcreditos,
           coalesce(h.cnhi_vlimpostos, 0)::numeric(13,2), ${amountSql("h", "cnhi")},
           h.cnhi_nnconsumoagua, h.cnhi_nnconsumoesgoto
    FROM faturamento.conta_historico h WHERE h.cnta_id = $1::bigint
  ) b
  JOIN cadastro.imovel i ON i.imov_id = b.imov_id AND i.imov_icexclusao IS DISTINCT FROM 1
  ${placeJoins}
  WHERE b.situation <> 9
  ORDER BY b.closed LIMIT 1`;

type Row = {
  cnta_id: number;
  imov_id: number;
  locality_id: number;
  municipality_id: number | null;
  reference: number;
  situation: number;
  closed: boolean;
  under_review: boolean;
  issued_on: string | null;
  due_on: string;
  water: string;
  sewage: string;
  charges: string;
  credits: string;
  taxes: string;
  amount: string;
  water_m3: number | null;
  sewage_m3: number | null;
  payment_named: boolean;
};

const billColumns = (prefix: string): string[] => [
  "cnta_id",
  "imov_id",
  "dcst_idatual",
  ...[
    "amreferenciaconta",
    "dtemissao",
    "dtvencimentoconta",
    "vlagua",
    "vlesgoto",
    "vldebitos",
    "vlcreditos",
    "vlimpostos",
    "nnconsumoagua",
    "nnconsumoesgoto",
  ].map((name) => `${prefix}_${name}`),
];

/** GET /v1/bills/{bill_id}: a bill by cnta_id, live or closed. */
export const getBill: Operation = {
  columns: {
    "faturamento.conta": [...billColumns("cnta"), "cnta_dtrevisao", "cmrv_id"],
    "faturamento.conta_historico": billColumns("cnhi"),
    "arrecadacao.pagamento": ["cnta_id"],
    ...requirePropertyColumns,
  },

  async answer(context, input) {
    const [row] = await context.query<Row>(sql, [requiredText(input.params, "bill_id")]);
    if (row === undefined) throw new AppError("not-found");
    return {
      bill_id: String(row.cnta_id),
      matricula: String(row.imov_id),
      locality_id: row.locality_id,
      municipality_id: row.municipality_id,
      reference: monthOf(row.reference),
      status: billStatus(row),
      under_review: row.under_review,
      issued_on: row.issued_on,
      due_on: row.due_on,
      water: row.water,
      sewage: row.sewage,
      charges: row.charges,
      credits: row.credits,
      taxes: row.taxes,
      amount: row.amount,
      water_m3: row.water_m3,
      sewage_m3: row.sewage_m3,
    };
  },
};

const situations: Readonly<Record<number, string>> = {
  3: "cancelled",
  4: "cancelled",
  5: "installments",
  6: "carried_over",
  8: "prescribed",
};

/** Normal, rectified and included bills (0, 1, 2) are open until a payment names them; the closing takes only paid ones along. */
function billStatus(row: Pick<Row, "situation" | "closed" | "payment_named">): string {
  if (row.situation <= 2) return row.closed || row.payment_named ? "paid" : "open";
  return situations[row.situation] ?? "other";
}
