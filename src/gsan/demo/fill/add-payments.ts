import { bankLine } from "../bank-line.ts";
import { billBarcode, statementBarcode } from "../barcode.ts";
import { addBusinessDays, dayText, monthOfDay } from "../calendar.ts";
import { centsToDecimal } from "../money.ts";
import type { BasePlan } from "./base-plan.ts";
import { banks, ways } from "./ledger.ts";
import type { Ledger, Slot } from "./ledger.ts";
import type { Property } from "./properties.ts";
import type { Random } from "./random.ts";
import { CLASSIFIED, NOT_FOUND, TO_SETTLE } from "./receipts.ts";
import type { PaidBill, Receipt } from "./receipts.ts";
import type { RowBuffer } from "./row-buffer.ts";

/** registro_codigo of a payment line (G); the numbers of that look-up are not part of the demo base. */
export const LINE_KIND = 7;
/** documento_tipo */
export const BILL_DOCUMENT = 1;
export const GUIDE_DOCUMENT = 7;
const STATEMENT_DOCUMENT = 14;

export type FillContext = {
  plan: BasePlan;
  rows: RowBuffer;
  ledger: Ledger;
  /** Next number of tables that have no natural one. */
  next(sequence: string): number;
  random: Random;
};

/** Rows of one receipt: the line, the payments (open or in the history), the extrato. */
export function addReceipt(context: FillContext, property: Property, receipt: Receipt): void {
  const { ledger, plan } = context;
  const total = receipt.paid.reduce((sum, { cents }) => sum + cents, 0);
  const statementId = addStatement(context, property, { receipt, total });
  const slot = ledger.openLine(receipt.processedOn, receipt.way);
  const { localityId } = property.place;
  const first = receipt.paid[0];
  if (first === undefined) {
    return;
  }
  const barcode =
    statementId === null
      ? billBarcode({ localityId, matricula: property.matricula, month: first.bill.month }, total)
      : statementBarcode({ localityId, matricula: property.matricula }, statementId, total);
  const stamp = processingTime(context, receipt.processedOn);
  addLine(context, { slot, receipt, barcode, cents: total, matricula: property.matricula, stamp });
  for (const [position, paid] of receipt.paid.entries()) {
    const id = position === 0 ? slot.paymentId : ledger.nextPaymentId(receipt.processedOn);
    ledger.add(receipt.processedOn, receipt.way, paid.cents, true);
    const payment = { id, slot, receipt, paid, statementId, property, stamp };
    if (isClosed(plan, receipt, paid)) {
      addClosedPayment(context, payment);
    } else {
      addOpenPayment(context, payment);
    }
  }
}

/** Whether the closing moved the payment: its month is closed and its status final. */
export function isClosed(plan: BasePlan, receipt: Receipt, paid: PaidBill): boolean {
  const final = paid.status === CLASSIFIED || paid.status === TO_SETTLE;
  return final && monthOfDay(receipt.processedOn) <= plan.closedThrough;
}

/** Files are read in at night: an instant between 01:00 and 04:59 of the server's clock. */
export function processingTime(context: FillContext, day: number): string {
  const { random } = context;
  const two = (value: number): string => String(value).padStart(2, "0");
  return `${dayText(day)} ${two(random.int(1, 4))}:${two(random.int(0, 59))}:${two(random.int(0, 59))}`;
}

type Line = {
  slot: Slot;
  receipt: Pick<Receipt, "paidOn" | "processedOn" | "way">;
  barcode: string;
  cents: number;
  matricula: number | null;
  stamp: string;
};

export function addLine(context: FillContext, line: Line): void {
  const { slot, receipt, barcode, cents } = line;
  const text = bankLine({
    paidOn: dayText(receipt.paidOn),
    creditedOn: dayText(addBusinessDays(receipt.processedOn, 1)),
    barcode,
    cents,
    sequence: slot.lineNumber,
    wayCode: wayAt(receipt.way).code,
  });
  const cells = [slot.paymentId, slot.movementId, LINE_KIND, text, "OK", 1, line.matricula, line.stamp];
  context.rows.add("arrecadacao.arrecadador_mov_item", cells);
}

export function wayAt(index: number): (typeof ways)[number] {
  return ways[index] ?? ways[0];
}

type Payment = {
  id: number;
  slot: Slot;
  receipt: Receipt;
  paid: PaidBill;
  statementId: number | null;
  property: Property;
  stamp: string;
};

function addOpenPayment(context: FillContext, payment: Payment): void {
  const { receipt, paid, slot, property, stamp, statementId } = payment;
  const unclassified = receipt.processedOn === context.plan.lastProcessingDay;
  const status = unclassified ? null : paid.status;
  const excess = !unclassified && paid.excessCents > 0 ? centsToDecimal(paid.excessCents) : null;
  context.rows.add("arrecadacao.pagamento", [
    payment.id,
    centsToDecimal(paid.cents),
    excess,
    dayText(receipt.paidOn),
    paid.bill.month,
    monthOfDay(receipt.processedOn),
    status,
    null,
    paid.status === NOT_FOUND ? null : paid.bill.id,
    null,
    null,
    property.place.localityId,
    BILL_DOCUMENT,
    statementId === null ? null : STATEMENT_DOCUMENT,
    statementId,
    slot.noticeId,
    slot.paymentId,
    wayAt(receipt.way).id,
    property.matricula,
    stamp,
    unclassified ? stamp : `${dayText(receipt.processedOn)} 05:30:00`,
  ]);
}

function addClosedPayment(context: FillContext, payment: Payment): void {
  const { receipt, paid, slot, property, stamp, statementId } = payment;
  const way = wayAt(receipt.way);
  const excess = paid.excessCents > 0 ? centsToDecimal(paid.excessCents) : null;
  const month = monthOfDay(receipt.processedOn);
  context.rows.add("arrecadacao.pagamento_historico", [
    payment.id,
    centsToDecimal(paid.cents),
    excess,
    dayText(receipt.paidOn),
    paid.bill.month,
    month,
    month,
    paid.status,
    null,
    paid.bill.id,
    property.place.localityId,
    BILL_DOCUMENT,
    statementId === null ? null : STATEMENT_DOCUMENT,
    statementId,
    slot.noticeId,
    slot.paymentId,
    way.id,
    property.matricula,
    banks[way.bank]?.code ?? null,
    stamp,
    closingTime(context.plan, month),
  ]);
}

/** The closing of a month runs in the night to the fourth of the next but one, never after the reference day. */
export function closingTime(plan: BasePlan, month: number): string {
  const year = Math.floor(month / 100) + (month % 100 === 12 ? 1 : 0);
  const next = `${year}-${String((month % 12) + 1).padStart(2, "0")}-04`;
  return `${next < dayText(plan.today) ? next : dayText(plan.today)} 03:00:00`;
}

/** The extrato behind a receipt of several bills; null for a single bill. */
function addStatement(context: FillContext, property: Property, paid: { receipt: Receipt; total: number }): number | null {
  const { rows } = context;
  const { receipt, total } = paid;
  if (receipt.statementIssuedOn === undefined) {
    return null;
  }
  const id = context.next("statement");
  const issued = dayText(receipt.statementIssuedOn);
  const settled = dayText(receipt.processedOn);
  rows.add("cobranca.cobranca_documento", [
    id,
    property.matricula,
    property.user.clientId,
    STATEMENT_DOCUMENT,
    1,
    property.place.localityId,
    id,
    `${issued} 10:15:00`,
    centsToDecimal(total),
    "0.00",
    3,
    settled,
    `${settled} 05:30:00`,
  ]);
  for (const { bill, cents } of receipt.paid) {
    rows.add("cobranca.cobranca_documento_item", [
      context.next("statement-item"),
      id,
      BILL_DOCUMENT,
      bill.id,
      centsToDecimal(cents),
      "0.00",
      3,
      settled,
      `${settled} 05:30:00`,
    ]);
  }
  return id;
}
