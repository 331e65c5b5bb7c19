import { addBusinessDays, businessDay } from "../calendar.ts";
import type { BasePlan } from "./base-plan.ts";
import { billTotal, NORMAL, RECTIFIED } from "./bills.ts";
import type { Bill } from "./bills.ts";
import { wayWeights } from "./ledger.ts";
import { CUT } from "./properties.ts";
import type { Property } from "./properties.ts";
import type { Random } from "./random.ts";

/** pagamento_situacao */
export const CLASSIFIED = 0;
export const DUPLICATE = 1;
export const NOT_FOUND = 2;
export const EXCESS = 3;
export const TO_SETTLE = 4;
export const DIFFERENT = 5;

export type PaidBill = { bill: Bill; cents: number; excessCents: number; status: number };

/** What a customer paid at once: one line of a bank file, one payment row per bill. */
export type Receipt = {
  paidOn: number;
  processedOn: number;
  way: number;
  paid: readonly PaidBill[];
  /** Paid by an extrato issued on this day. */
  statementIssuedOn: number | undefined;
};

/** Days after the due day, by weight: early, just in time, up to 10, 30, 90 and 150 late. */
const DELAYS: readonly { weight: number; from: number; to: number }[] = [
  { weight: 18, from: -12, to: -4 },
  { weight: 42, from: -3, to: 0 },
  { weight: 17, from: 1, to: 10 },
  { weight: 9, from: 11, to: 30 },
  { weight: 7, from: 31, to: 90 },
  { weight: 3, from: 91, to: 150 },
];
const UNPAID_WEIGHT = 4;
/** Of the properties, how many run up bills once and settle them by an extrato. */
const STATEMENT_SHARE = 0.38;

/** All receipts of a property that the base knows on its reference day. */
export function makeReceipts(plan: BasePlan, property: Property, bills: readonly Bill[], random: Random): Receipt[] {
  const payable = bills.filter((bill) => (bill.status === NORMAL || bill.status === RECTIFIED) && !bill.underReview);
  const run = statementRun(payable, random);
  const unpaidFrom = property.waterStatus === CUT ? payable.length - 3 : payable.length;
  const receipts: Receipt[] = [];
  for (const bill of payable.slice(0, unpaidFrom)) {
    if (!run.includes(bill)) {
      receipts.push(...singleReceipts(bill, random));
    }
  }
  const last = run.at(-1);
  if (last !== undefined && unpaidFrom === payable.length) {
    receipts.push(statementReceipt(run, last, random));
  }
  return receipts.filter((receipt) => receipt.processedOn <= plan.lastProcessingDay);
}

/** Consecutive bills paid together: two to eight of them. */
function statementRun(payable: readonly Bill[], random: Random): Bill[] {
  if (!random.chance(STATEMENT_SHARE) || payable.length < 2) {
    return [];
  }
  const length = Math.min(payable.length, 2 + random.weighted([45, 25, 12, 8, 5, 3, 2]));
  const start = random.int(0, payable.length - length);
  return payable.slice(start, start + length);
}

function statementReceipt(run: readonly Bill[], last: Bill, random: Random): Receipt {
  const issuedOn = last.dueOn + random.int(1, 20);
  const paid = run.map((bill) => ({ bill, cents: billTotal(bill), excessCents: 0, status: CLASSIFIED }));
  return { ...settle(businessDay(issuedOn + random.int(0, 5)), random), paid, statementIssuedOn: issuedOn };
}

function singleReceipts(bill: Bill, random: Random): Receipt[] {
  const delay = DELAYS[random.weighted([...DELAYS.map(({ weight }) => weight), UNPAID_WEIGHT])];
  if (delay === undefined) {
    return [];
  }
  const wished = bill.dueOn + random.int(delay.from, delay.to);
  const receipt = (paidOn: number, paid: PaidBill): Receipt => ({
    ...settle(businessDay(paidOn), random),
    paid: [paid],
    statementIssuedOn: undefined,
  });
  const first = receipt(Math.max(bill.issuedOn + 1, wished), paidBill(bill, random));
  if (!random.chance(0.007)) {
    return [first];
  }
  // the second bar code reading of the same bill
  const again = { bill, cents: billTotal(bill), excessCents: 0, status: DUPLICATE };
  return [first, receipt(first.processedOn + random.int(0, 9), again)];
}

/** 97 % as the bill says; excess, value to settle, not found and different value share the rest. */
function paidBill(bill: Bill, random: Random): PaidBill {
  const total = billTotal(bill);
  const more = random.int(1, 40) * 100;
  switch (random.weighted([97, 0.8, 0.2, 0.8, 0.4])) {
    case 1:
      return { bill, cents: total + more, excessCents: more, status: EXCESS };
    case 2:
      return { bill, cents: total + more, excessCents: more, status: TO_SETTLE };
    case 3:
      return { bill, cents: total, excessCents: 0, status: NOT_FOUND };
    case 4:
      return { bill, cents: Math.max(1, total - more), excessCents: 0, status: DIFFERENT };
    default:
      return { bill, cents: total, excessCents: 0, status: CLASSIFIED };
  }
}

/** Day of the row: one (70 %), two or three business days after the payment. */
function settle(paidOn: number, random: Random): Pick<Receipt, "paidOn" | "processedOn" | "way"> {
  const processedOn = addBusinessDays(paidOn, 1 + random.weighted([70, 20, 10]));
  return { paidOn, processedOn, way: random.weighted(wayWeights) };
}
