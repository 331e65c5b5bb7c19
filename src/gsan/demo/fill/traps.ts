import { dayOf, dayText, lastBusinessDay, monthOfDay } from "../calendar.ts";
import { centsToDecimal } from "../money.ts";
import { addLine, BILL_DOCUMENT, processingTime, wayAt } from "./add-payments.ts";
import type { FillContext } from "./add-payments.ts";
import { unknownBillBarcode } from "./add-cases.ts";
import type { Slot } from "./ledger.ts";
import type { Property } from "./properties.ts";
import { CLASSIFIED, NOT_FOUND } from "./receipts.ts";
import type { Cell } from "./row-buffer.ts";

/** Counter of a bank: the way all trap payments came in. */
const COUNTER = 7;

type TrapPayment = { property: Property; payer: Property | undefined; cents: number; status: number; previous: number | null };

/**
 * Cases that real bases hold and naive readers stumble over. They lie on the business day before the last, so that
 * nothing of them is new to somebody who starts to listen on the reference day.
 */
export function addTraps(context: FillContext, hosts: readonly [Property, Property, Property]): void {
  const [first, second, third] = hosts;
  const unknown = { status: NOT_FOUND, previous: null };
  // the smallest and the largest amount that the columns of both sides carry well
  addTrapPayment(context, { ...unknown, property: first, payer: first, cents: 1 });
  addTrapPayment(context, { ...unknown, property: first, payer: first, cents: 999_999_999 });
  // a payment nobody can be found for: no bill, no property, no client
  addTrapPayment(context, { ...unknown, property: second, payer: undefined, cents: 4_840 });
  // transferred: the line names one property, the payment belongs to another now
  addTrapPayment(context, { property: second, payer: third, cents: 5_995, status: CLASSIFIED, previous: NOT_FOUND });
  addRemovedPayment(context, first);
  addOldMidnightPayment(context, third);
}

function addTrapPayment(context: FillContext, trap: TrapPayment): void {
  const { slot, processedOn, stamp } = addTrapLine(context, trap.property, trap.cents);
  context.ledger.add(processedOn, COUNTER, trap.cents, true);
  context.rows.add("arrecadacao.pagamento", [
    slot.paymentId,
    centsToDecimal(trap.cents),
    null,
    dayText(processedOn - 1),
    null,
    monthOfDay(processedOn),
    trap.status,
    trap.previous,
    null,
    null,
    null,
    trap.property.place.localityId,
    BILL_DOCUMENT,
    null,
    null,
    slot.noticeId,
    slot.paymentId,
    wayAt(COUNTER).id,
    trap.payer?.matricula ?? null,
    stamp,
    stamp,
  ]);
}

/** The line and the money of the notice are there, the payment row was deleted while the month was open. */
function addRemovedPayment(context: FillContext, property: Property): void {
  const cents = 7_350;
  const { processedOn } = addTrapLine(context, property, cents);
  context.ledger.add(processedOn, COUNTER, cents, false);
}

function addTrapLine(context: FillContext, property: Property, cents: number): { slot: Slot; processedOn: number; stamp: string } {
  const processedOn = lastBusinessDay(context.plan.lastProcessingDay - 1);
  const slot = context.ledger.openLine(processedOn, COUNTER);
  const stamp = processingTime(context, processedOn);
  const receipt = { paidOn: processedOn - 1, processedOn, way: COUNTER };
  const barcode = unknownBillBarcode(context, property, cents);
  addLine(context, { slot, receipt, barcode, cents, matricula: property.matricula, stamp });
  return { slot, processedOn, stamp };
}

/**
 * 2018-11-04 00:00 was skipped by summer time in São Paulo, and existed in Recife, which has none: a column without
 * zone holds it, a reader in the wrong zone moves it. From the old system, without bank file.
 */
function addOldMidnightPayment(context: FillContext, property: Property): void {
  const day = dayText(dayOf("2018-11-04"));
  const id = context.ledger.nextPaymentId(context.plan.firstDay);
  const cells: Cell[] = [
    id,
    "61.05",
    null,
    day,
    201810,
    201811,
    201811,
    CLASSIFIED,
    null,
    null,
    property.place.localityId,
    BILL_DOCUMENT,
    null,
    null,
    null,
    null,
    wayAt(COUNTER).id,
    property.matricula,
    1,
    `${day} 00:00:00`,
    "2018-12-04 03:00:00",
  ];
  context.rows.add("arrecadacao.pagamento_historico", cells);
}
