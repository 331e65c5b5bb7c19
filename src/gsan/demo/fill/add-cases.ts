import { billBarcode, guideBarcode } from "../barcode.ts";
import { addMonths, dayText, lastBusinessDay, monthOfDay } from "../calendar.ts";
import { centsToDecimal } from "../money.ts";
import { addLine, GUIDE_DOCUMENT, processingTime, wayAt } from "./add-payments.ts";
import type { FillContext } from "./add-payments.ts";
import { documentsOf } from "./clients.ts";
import { CUT } from "./properties.ts";
import type { Property } from "./properties.ts";
import { CLASSIFIED } from "./receipts.ts";

/** What some properties have beside bills: debts, guias, requests with work orders, bureau records. */
export function addCases(context: FillContext, property: Property): void {
  const { random } = context;
  if (random.chance(0.02)) {
    addDebt(context, property);
  }
  if (random.chance(0.01)) {
    addGuide(context, property);
  }
  if (random.chance(0.04)) {
    addRequest(context, property);
  }
  if (property.waterStatus === CUT && random.chance(0.05)) {
    addBureauRecord(context, property);
  }
}

function addDebt(context: FillContext, property: Property): void {
  const { rows, plan } = context;
  const id = context.next("debt");
  const month = addMonths(plan.lastMonth, -1);
  rows.add("faturamento.debito_a_cobrar_geral", [id, 2, plan.stamp]);
  rows.add("faturamento.debito_a_cobrar", [
    id,
    property.matricula,
    20,
    plan.stamp,
    month,
    plan.lastMonth,
    plan.lastMonth,
    "65.00",
    1,
    0,
    property.place.localityId,
    property.place.blockId,
    1,
    2,
    1,
    0,
    plan.stamp,
  ]);
}

/** A guia for a new connection; six of ten are paid, in the open month, so their rows are in pagamento. */
function addGuide(context: FillContext, property: Property): void {
  const { rows, plan, ledger, random } = context;
  const id = context.next("guide");
  const issuedOn = plan.today - random.int(6, 20);
  const { localityId } = property.place;
  rows.add("faturamento.guia_pagamento_geral", [id, 2, plan.stamp]);
  rows.add("faturamento.guia_pagamento", [
    id,
    localityId,
    property.matricula,
    property.user.clientId,
    10,
    GUIDE_DOCUMENT,
    monthOfDay(issuedOn),
    dayText(issuedOn),
    dayText(issuedOn + 30),
    "180.00",
    1,
    1,
    2,
    1,
    1,
    0,
    `${dayText(issuedOn)} 11:00:00`,
  ]);
  const processedOn = lastBusinessDay(plan.lastProcessingDay - random.int(1, 2));
  if (!random.chance(0.6) || processedOn <= issuedOn) {
    return;
  }
  const way = 0;
  const slot = ledger.openLine(processedOn, way);
  const stamp = processingTime(context, processedOn);
  const receipt = { paidOn: processedOn - 1, processedOn, way };
  const barcode = guideBarcode({ localityId, matricula: property.matricula }, id, 18_000);
  addLine(context, { slot, receipt, barcode, cents: 18_000, matricula: property.matricula, stamp });
  ledger.add(processedOn, way, 18_000, true);
  rows.add("arrecadacao.pagamento", [
    slot.paymentId,
    "180.00",
    null,
    dayText(receipt.paidOn),
    null,
    monthOfDay(processedOn),
    CLASSIFIED,
    null,
    null,
    id,
    10,
    localityId,
    GUIDE_DOCUMENT,
    null,
    null,
    slot.noticeId,
    slot.paymentId,
    wayAt(way).id,
    property.matricula,
    stamp,
    `${dayText(processedOn)} 05:30:00`,
  ]);
}

const COMPLAINTS = ["SEM ÁGUA", "VAZAMENTO NA CALÇADA", "CONTA ALTA", "ESGOTO OBSTRUÍDO"] as const;

function addRequest(context: FillContext, property: Property): void {
  const { rows, plan, random } = context;
  const id = context.next("request");
  const openedOn = plan.today - random.int(0, 300);
  const closedOn = openedOn + random.int(1, 12);
  const closed = closedOn < plan.today;
  const opened = `${dayText(openedOn)} ${String(random.int(8, 17)).padStart(2, "0")}:${random.int(10, 59)}:00`;
  const ended = closed ? `${dayText(closedOn)} 16:20:00` : null;
  const { blockId, localityId } = property.place;
  rows.add("atendimentopublico.registro_atendimento", [
    id,
    random.int(1, 90),
    random.int(1, 8),
    property.matricula,
    localityId,
    closed ? 2 : 1,
    2,
    opened,
    dayText(openedOn + 5),
    dayText(openedOn + 5),
    ended,
    closed ? 1 : null,
    random.pick(COMPLAINTS),
    null,
    blockId,
    blockId,
    1,
    ended ?? opened,
  ]);
  if (random.chance(0.6)) {
    rows.add("atendimentopublico.ordem_servico", [
      context.next("work-order"),
      id,
      property.matricula,
      random.int(1, 60),
      closed ? 2 : 1,
      opened,
      ended,
      closed ? 1 : null,
      null,
      1,
      1,
      2,
      2,
      1,
      ended ?? opened,
    ]);
  }
}

function addBureauRecord(context: FillContext, property: Property): void {
  const { rows, plan, random } = context;
  const { clientId, kind } = property.user;
  const { cpf, cnpj } = documentsOf(plan, clientId, kind);
  const id = context.next("bureau-record");
  const debt = centsToDecimal(random.int(8_000, 90_000));
  const withdrawn = random.chance(0.3) ? 1 : null;
  rows.add("cobranca.negatd_movimento_reg", [id, 1, 1, property.matricula, clientId, cpf, cnpj, debt, 1, withdrawn, 2, id, plan.stamp]);
}

/** A bill barcode of the property for the month before the base begins: the bill is known to nobody. */
export function unknownBillBarcode(context: FillContext, property: Property, cents: number): string {
  const { localityId } = property.place;
  const month = addMonths(context.plan.firstMonth, -1);
  return billBarcode({ localityId, matricula: property.matricula, month }, cents);
}
