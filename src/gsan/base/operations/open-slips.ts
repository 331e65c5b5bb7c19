import type { NeededColumns } from "../../connection/probe-columns.ts";
import { centsOf } from "../money.ts";
import type { OperationContext } from "../operation.ts";
import { surchargeCents } from "../surcharge.ts";
import { trimmed } from "./gsan-values.ts";

export const openSlipColumns: NeededColumns = {
  "faturamento.guia_pagamento": [
    "gpag_id",
    "imov_id",
    "dbtp_id",
    "gpag_dtvencimento",
    "gpag_vldebito",
    "gpag_iccobrancamulta",
    "dcst_idatual",
  ],
  "faturamento.debito_tipo": ["dbtp_id", "dbtp_dsdebitotipo"],
};

// payments of a slip are looked for among those of the property: GSAN has no index on pagamento.gpag_id
const sql = `
  SELECT g.gpag_id::text AS slip_id, g.gpag_dtvencimento AS due_on, g.gpag_vldebito AS amount,
         g.gpag_iccobrancamulta = 1 AS late_fee_charged, t.dbtp_dsdebitotipo AS text
  FROM faturamento.guia_pagamento g
  LEFT JOIN faturamento.debito_tipo t ON t.dbtp_id = g.dbtp_id
  WHERE g.imov_id = $1 AND g.dcst_idatual IN (0, 1, 2)
    AND NOT EXISTS (SELECT 1 FROM arrecadacao.pagamento p WHERE p.imov_id = $1 AND p.gpag_id = g.gpag_id)
  ORDER BY g.gpag_dtvencimento, g.gpag_id
  LIMIT 500`;

type Row = { slip_id: string; due_on: string; amount: string; late_fee_charged: boolean; text: string | null };

export type OpenSlip = { slipId: string; dueOn: string; amountCents: bigint; surchargeCents: bigint; text: string };

/** The open payment slips (guias) of a property, the 500 oldest, with today's surcharges. */
export async function openSlips(context: OperationContext, imovId: number): Promise<OpenSlip[]> {
  const rows = await context.query<Row>(sql, [imovId]);
  return rows.map((row) => {
    const amountCents = centsOf(row.amount);
    const debt = { amountCents, dueOn: row.due_on, lateFeeCharged: row.late_fee_charged };
    return {
      slipId: row.slip_id,
      dueOn: row.due_on,
      amountCents,
      surchargeCents: surchargeCents(context.surcharges, debt, context.today),
      text: trimmed(row.text) ?? "GUIA DE PAGAMENTO",
    };
  });
}
