import { addMonths, dayInMonth, monthOfDay, monthsBetween } from "../calendar.ts";
import type { BasePlan } from "./base-plan.ts";
import { billAmounts } from "./bill-amounts.ts";
import { CONNECTED, CUT } from "./properties.ts";
import type { Property } from "./properties.ts";
import type { Random } from "./random.ts";

/** debito_credito_situacao */
export const NORMAL = 0;
export const RECTIFIED = 1;
export const CANCELED = 3;
export const REPLACED = 4;
export const IN_INSTALMENTS = 5;

export type Bill = {
  id: number;
  month: number;
  issuedOn: number;
  dueOn: number;
  volume: number;
  readingBefore: number;
  readingNow: number;
  waterCents: number;
  sewerCents: number;
  chargeCents: number;
  creditCents: number;
  status: number;
  /** Day of the rectification or cancellation. */
  changedOn: number | undefined;
  underReview: boolean;
};

/** Days between issue and due day. */
const ISSUE_LEAD_DAYS = 15;

export function billTotal(bill: Bill): number {
  return bill.waterCents + bill.sewerCents + bill.chargeCents - bill.creditCents;
}

/** Number of a property's bill of a month; `replacement` for the new bill of a rectification. */
export function billId(plan: BasePlan, bill: { index: number; month: number; replacement: boolean }): number {
  const monthIndex = monthsBetween(plan.firstMonth, bill.month);
  return (monthIndex * 2 + (bill.replacement ? 1 : 0)) * plan.properties + bill.index + 1;
}

/** All bills of a property in the window, oldest first; a rectified one stands just before its replacement. */
export function makeBills(plan: BasePlan, property: Property, random: Random): Bill[] {
  const bills: Bill[] = [];
  let reading = random.int(50, 3000);
  for (let month = plan.firstMonth; month <= plan.lastMonth; month = addMonths(month, 1)) {
    if (!isBilled(property, month)) {
      continue;
    }
    const dueOn = dayInMonth(addMonths(month, 1), property.dueDay);
    if (dueOn - ISSUE_LEAD_DAYS > plan.today) {
      break;
    }
    const bill = makeBill(plan, { property, month, dueOn, reading }, random);
    reading = bill.readingNow;
    bills.push(...withFate(plan, property, bill, random));
  }
  return bills;
}

function isBilled(property: Property, month: number): boolean {
  const { waterStatus, cutOn, connectedOn } = property;
  const served = waterStatus === CONNECTED || (waterStatus === CUT && cutOn !== undefined && month < monthOfDay(cutOn));
  return served && month >= monthOfDay(connectedOn);
}

type Period = { property: Property; month: number; dueOn: number; reading: number };

function makeBill(plan: BasePlan, period: Period, random: Random): Bill {
  const { property, month, dueOn, reading } = period;
  const volume = Math.max(0, Math.round(property.typicalUse * property.units * (1 + 0.2 * random.normal())));
  const { waterCents, sewerCents } = billAmounts(volume, property);
  return {
    id: billId(plan, { index: property.index, month, replacement: false }),
    month,
    issuedOn: dueOn - ISSUE_LEAD_DAYS,
    dueOn,
    volume,
    readingBefore: reading,
    readingNow: reading + volume,
    waterCents,
    sewerCents,
    chargeCents: random.chance(0.12) ? random.pick([350, 500, 1290, 6500, 2 * random.int(50, 400)]) : 0,
    creditCents: random.chance(0.03) ? random.int(100, 2000) : 0,
    status: NORMAL,
    changedOn: undefined,
    underReview: false,
  };
}

/** 1.5 % rectified (the new bill has another number), 0.7 % canceled, 2 % in instalments, a few under review. */
function withFate(plan: BasePlan, property: Property, bill: Bill, random: Random): Bill[] {
  const changedOn = Math.min(plan.today, bill.issuedOn + random.int(1, 12));
  switch (random.weighted([1.5, 0.7, 2, 0.3, 95.5])) {
    case 0: {
      const id = billId(plan, { index: property.index, month: bill.month, replacement: true });
      const waterCents = Math.max(100, bill.waterCents - random.int(100, 1500));
      return [
        { ...bill, status: REPLACED, changedOn },
        { ...bill, id, waterCents, status: RECTIFIED, changedOn },
      ];
    }
    case 1:
      return [{ ...bill, status: CANCELED, changedOn }];
    case 2:
      return [{ ...bill, status: IN_INSTALMENTS, changedOn }];
    case 3:
      return [{ ...bill, underReview: true }];
    default:
      return [bill];
  }
}
