import { referenceDigit } from "../barcode.ts";
import { dayText, monthOfDay } from "../calendar.ts";
import { centsToDecimal } from "../money.ts";
import type { FillContext } from "./add-payments.ts";
import { closingTime, isClosed } from "./add-payments.ts";
import { sewerVolume } from "./bill-amounts.ts";
import type { Bill } from "./bills.ts";
import { CANCELED, IN_INSTALMENTS, REPLACED } from "./bills.ts";
import type { Property } from "./properties.ts";
import type { Receipt } from "./receipts.ts";
import type { Cell } from "./row-buffer.ts";

/** Bills with their clients; a bill stands in the history when its payment or its end lies in a closed month. */
export function addBills(context: FillContext, property: Property, life: { bills: Bill[]; receipts: Receipt[] }): void {
  const closedIn = closingMonths(context, life.receipts);
  for (const bill of life.bills) {
    const closedMonth = closedIn.get(bill.id) ?? endedMonth(context, bill);
    context.rows.add("faturamento.conta_geral", [bill.id, closedMonth === undefined ? 2 : 1, `${dayText(bill.issuedOn)} 22:00:00`]);
    if (closedMonth === undefined) {
      addOpenBill(context, property, bill);
    } else {
      addClosedBill(context, property, { bill, closedMonth });
    }
    if (bill.status !== REPLACED) {
      addConsumption(context, property, bill);
    }
  }
}

function closingMonths(context: FillContext, receipts: readonly Receipt[]): Map<number, number> {
  const months = new Map<number, number>();
  for (const receipt of receipts) {
    for (const paid of receipt.paid.filter((each) => isClosed(context.plan, receipt, each))) {
      months.set(paid.bill.id, monthOfDay(receipt.processedOn));
    }
  }
  return months;
}

/** Canceled, replaced and refinanced bills of a closed month are history too. */
function endedMonth(context: FillContext, bill: Bill): number | undefined {
  const ended = bill.status === CANCELED || bill.status === REPLACED || bill.status === IN_INSTALMENTS;
  return ended && bill.month <= context.plan.closedThrough ? bill.month : undefined;
}

function addOpenBill(context: FillContext, property: Property, bill: Bill): void {
  const issued = dayText(bill.issuedOn);
  const due = dayText(bill.dueOn);
  const changed = bill.changedOn === undefined ? null : dayText(bill.changedOn);
  context.rows.add("faturamento.conta", [
    bill.id,
    property.matricula,
    bill.month,
    bill.month,
    property.waterStatus,
    property.sewerStatus,
    property.place.localityId,
    property.place.blockId,
    1,
    referenceDigit(bill.month),
    1,
    property.directDebit ? 1 : 2,
    ...usage(property, bill),
    bill.readingBefore,
    bill.readingNow,
    ...amounts(bill),
    `${property.sewerPercent}.00`,
    due,
    due,
    dayText(bill.dueOn + 60),
    issued,
    ...changeDays(bill, changed),
    ...(bill.underReview ? [issued, 1] : [null, null]),
    bill.status,
    changed === null ? null : 0,
    bill.status === IN_INSTALMENTS ? bill.id : null,
    `${changed ?? issued} 22:00:00`,
  ]);
  for (const relation of property.relations) {
    const { clientId, kind, onBill } = relation;
    const cells = [context.next("bill-client"), clientId, bill.id, kind, onBill ? 1 : 2, `${issued} 22:00:00`];
    context.rows.add("cadastro.cliente_conta", cells);
  }
}

/** Day of the rectification and day of the cancellation. */
function changeDays(bill: Bill, changed: string | null): [string | null, string | null] {
  if (bill.status === CANCELED) {
    return [null, changed];
  }
  return [bill.status === IN_INSTALMENTS ? null : changed, null];
}

function addClosedBill(context: FillContext, property: Property, closed: { bill: Bill; closedMonth: number }): void {
  const { bill, closedMonth } = closed;
  const due = dayText(bill.dueOn);
  const stamp = closingTime(context.plan, closedMonth);
  context.rows.add("faturamento.conta_historico", [
    bill.id,
    property.matricula,
    bill.month,
    stamp,
    bill.month,
    closedMonth,
    property.waterStatus,
    property.sewerStatus,
    property.place.localityId,
    property.place.blockId,
    1,
    referenceDigit(bill.month),
    1,
    ...usage(property, bill),
    ...amounts(bill),
    `${property.sewerPercent}.00`,
    due,
    due,
    dayText(bill.issuedOn),
    bill.status,
    bill.changedOn === undefined ? null : 0,
    stamp,
  ]);
  for (const { clientId, kind, onBill } of property.relations) {
    const cells = [context.next("closed-bill-client"), clientId, bill.id, kind, onBill ? 1 : 2, stamp];
    context.rows.add("cadastro.cliente_conta_historico", cells);
  }
}

function usage(property: Property, bill: Bill): [number, number] {
  return [bill.volume, sewerVolume(bill.volume, property.sewerPercent)];
}

function amounts(bill: Bill): Cell[] {
  const { waterCents, sewerCents, chargeCents, creditCents } = bill;
  return [...[waterCents, sewerCents, chargeCents, creditCents].map(centsToDecimal), null];
}

/** Consumption of water and sewage, and the reading where there is a meter. */
function addConsumption(context: FillContext, property: Property, bill: Bill): void {
  const { rows } = context;
  const read = bill.issuedOn - 1;
  const stamp = `${dayText(read)} 18:00:00`;
  const minimum = 10 * property.units;
  for (const kind of property.sewerPercent > 0 ? [1, 2] : [1]) {
    rows.add("micromedicao.consumo_historico", [
      context.next("consumption"),
      property.matricula,
      kind,
      bill.month,
      Math.max(bill.volume, minimum),
      property.typicalUse * property.units,
      minimum,
      1,
      property.hasMeter ? 1 : 3,
      stamp,
    ]);
  }
  if (property.hasMeter) {
    rows.add("micromedicao.medicao_historico", [
      context.next("reading"),
      property.matricula,
      1,
      bill.month,
      dayText(read - 30),
      bill.readingBefore,
      dayText(read),
      bill.readingNow,
      bill.volume,
      property.typicalUse * property.units,
      1,
      stamp,
    ]);
  }
}
