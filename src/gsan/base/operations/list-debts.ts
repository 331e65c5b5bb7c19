import { AppError } from "../../../contract/errors.ts";
import { documentOf, parseDocument } from "../document.ts";
import { exactNumber } from "../exact-number.ts";
import { decimalOf } from "../money.ts";
import type { Answer, Operation, OperationContext } from "../operation.ts";
import { monthOf, trimmed } from "./gsan-values.ts";
import { openBillColumns, openBills, type OpenBill } from "./open-bills.ts";
import { openSlipColumns, openSlips, type OpenSlip } from "./open-slips.ts";
import { requireProperty, requirePropertyColumns } from "./require-property.ts";

// user or responsible: the debts of a property are not the owner's when somebody else uses it
const holderColumns = `
  ci.imov_id, cl.clie_id, cl.clie_nmcliente, cl.clie_nncpf, cl.clie_nncnpj
  FROM cadastro.cliente_imovel ci
  JOIN cadastro.cliente cl ON cl.clie_id = ci.clie_id AND cl.clie_icuso IS DISTINCT FROM 2
  JOIN cadastro.imovel i ON i.imov_id = ci.imov_id AND i.imov_icexclusao IS DISTINCT FROM 1
  WHERE ci.clim_dtrelacaofim IS NULL AND ci.crtp_id IN (2, 3)`;
const byPropertySql = `SELECT ${holderColumns} AND ci.imov_id = $1 ORDER BY ci.crtp_id, ci.clim_id`;
// two properties are enough to know that there are several; a holder may have thousands
const byClientSql = `SELECT ${holderColumns} AND ci.clie_id = ANY ($1::int[]) ORDER BY ci.imov_id LIMIT 1000`;

type Holder = { imov_id: number; clie_id: number; clie_nmcliente: string | null; clie_nncpf: string | null; clie_nncnpj: string | null };

const maxDebts = 500;

/**
 * POST /gsan/api/debitos, the shape that GSAN documents: what can be paid now, by matrícula, by document, or by both.
 * Bills under review are left out; debts still to be billed (debito_a_cobrar) come with a later bill.
 */
export const listDebts: Operation = {
  columns: {
    ...openBillColumns,
    ...openSlipColumns,
    ...requirePropertyColumns,
    "arrecadacao.pagamento": ["cnta_id", "gpag_id", "imov_id"],
    "cadastro.cliente_imovel": ["clim_id", "clie_id", "imov_id", "crtp_id", "clim_dtrelacaofim"],
    "cadastro.cliente": ["clie_id", "clie_nmcliente", "clie_nncpf", "clie_nncnpj", "clie_icuso"],
  },

  async answer(context, input) {
    const { matricula, documento } = input.body;
    const found =
      typeof matricula === "number" ? await byProperty(context, matricula, documento) : await byDocument(context, String(documento));
    const bills = (await openBills(context, found.imovId)).filter((bill) => bill.payable).map((bill) => billDebt(bill));
    const slips = (await openSlips(context, found.imovId)).map((slip) => slipDebt(slip));
    const debts = [...bills, ...slips].sort((one, two) => one.dueOn.localeCompare(two.dueOn));
    return {
      matricula: found.imovId,
      nome: trimmed(found.holder?.clie_nmcliente ?? null),
      documento: (found.holder && documentOf(found.holder)) ?? null,
      debitos: debts.slice(0, maxDebts).map((debt) => debtItem(debt, context.today)),
    };
  },
};

type Found = { imovId: number; holder: Holder | undefined };

async function byProperty(context: OperationContext, imovId: number, documento: string | number | undefined): Promise<Found> {
  await requireProperty(context, imovId);
  const holders = await context.query<Holder>(byPropertySql, [imovId]);
  if (documento === undefined) return { imovId, holder: holders[0] };
  const asked = parseDocument(String(documento));
  const holder = holders.find((one) => holds(one, asked));
  if (holder === undefined) throw new AppError("not-found");
  return { imovId, holder };
}

async function byDocument(context: OperationContext, documento: string): Promise<Found> {
  const asked = parseDocument(documento);
  if (asked === undefined) throw new AppError("not-found");
  const candidates = context.documents.candidates(asked);
  if (candidates === undefined) throw new AppError("base-away", "Documents are still being read; ask by matricula meanwhile");
  if (candidates.length === 0) throw new AppError("not-found");
  const rows = await context.query<Holder>(byClientSql, [candidates]);
  const holders = rows.filter((row) => holds(row, asked));
  const holder = holders[0];
  if (holder === undefined) throw new AppError("not-found");
  if (new Set(holders.map((one) => one.imov_id)).size > 1)
    throw new AppError("conflict", "The document has several properties; add matricula");
  return { imovId: holder.imov_id, holder };
}

function holds(row: Holder, document: string | undefined): boolean {
  return document !== undefined && [row.clie_nncpf, row.clie_nncnpj].some((text) => text?.trim().toUpperCase() === document);
}

type Debt = { id: string; kind: string; amountCents: bigint; surchargeCents: bigint; dueOn: string; month: string | null; text: string };

function billDebt(bill: OpenBill): Debt {
  const month = slashed(bill.reference);
  const text = month === null ? "CONTA" : `REFERENCIA ${month}`;
  return { ...bill, id: `C#${bill.billId}`, kind: "CONTA", month, text };
}

function slipDebt(slip: OpenSlip): Debt {
  return { ...slip, id: `G#${slip.slipId}`, kind: "GUIA", month: null, text: slip.text };
}

/** MM/YYYY, as GSAN shows a month. */
function slashed(am: number): string | null {
  const [year, month] = monthOf(am)?.split("-") ?? [];
  return year === undefined || month === undefined ? null : `${month}/${year}`;
}

function debtItem(debt: Debt, today: string): Answer {
  return {
    id: debt.id,
    tipoDebito: debt.kind,
    valorOriginal: exactNumber(decimalOf(debt.amountCents)),
    valorDebito: exactNumber(decimalOf(debt.amountCents + debt.surchargeCents)),
    valorAcrescimos: exactNumber(decimalOf(debt.surchargeCents)),
    // interest runs by the day: an overdue amount holds today alone
    validadeDebito: (debt.dueOn < today ? today : debt.dueOn).replaceAll("-", ""),
    referencia: debt.month,
    descricao: debt.text,
  };
}
