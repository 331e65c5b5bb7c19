import type { NeededColumns } from "../../connection/probe-columns.ts";
import { centsOf } from "../money.ts";
import type { OperationContext } from "../operation.ts";
import { surchargeCents } from "../surcharge.ts";

/** Amount of a bill; there is no stored total in GSAN. `c` is the bill's alias, `x` its column prefix. */
export function amountSql(c: string, x: string): string {
  return `(${c}.${x}_vlagua + ${c}.${x}_vlesgoto + ${c}.${x}_vldebitos - ${c}.${x}_vlcreditos - coalesce(${c}.${x}_vlimpostos, 0))::numeric(13,2)`;
}

export const openBillColumns: NeededColumns = {
  "faturamento.conta": [
    "cnta_id",
    "imov_id",
    "cnta_amreferenciaconta",
    "cnta_dtvencimentoconta",
    "cnta_iccobrancamulta",
    "cnta_dtrevisao",
    "cmrv_id",
    "dcst_idatual",
    "cnta_vlagua",
    "cnta_vlesgoto",
    "cnta_vldebitos",
    "cnta_vlcreditos",
    "cnta_vlimpostos",
  ],
  "arrecadacao.pagamento": ["cnta_id"],
};

// open = normal, rectified or included, and no payment names it
const sql = `
  SELECT c.cnta_id::text AS bill_id, c.cnta_amreferenciaconta AS reference, c.cnta_dtvencimentoconta AS due_on,
         ${amountSql("c", "cnta")} AS amount, c.cnta_iccobrancamulta = 1 AS late_fee_charged,
         c.cnta_dtrevisao IS NULL AND c.cmrv_id IS NULL AS payable
  FROM faturamento.conta c
  WHERE c.imov_id = $1 AND c.dcst_idatual IN (0, 1, 2)
    AND NOT EXISTS (SELECT 1 FROM arrecadacao.pagamento p WHERE p.cnta_id = c.cnta_id)
  ORDER BY c.cnta_dtvencimentoconta, c.cnta_id`;

type Row = { bill_id: string; reference: number; due_on: string; amount: string; late_fee_charged: boolean; payable: boolean };

export type OpenBill = {
  billId: string;
  /** GSAN's month YYYYMM. */
  reference: number;
  dueOn: string;
  amountCents: bigint;
  surchargeCents: bigint;
  /** False while it is under review. */
  payable: boolean;
};

/** The open bills of a property with today's surcharges, oldest due date first (GSAN's unique rule bounds them to three a month). */
export async function openBills(context: OperationContext, imovId: number): Promise<OpenBill[]> {
  const rows = await context.query<Row>(sql, [imovId]);
  return rows.map((row) => {
    const amountCents = centsOf(row.amount);
    const debt = { amountCents, dueOn: row.due_on, lateFeeCharged: row.late_fee_charged };
    const surcharge = surchargeCents(context.surcharges, debt, context.today);
    return {
      billId: row.bill_id,
      reference: row.reference,
      dueOn: row.due_on,
      amountCents,
      surchargeCents: surcharge,
      payable: row.payable,
    };
  });
}
