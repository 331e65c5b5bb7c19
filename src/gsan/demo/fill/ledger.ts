import { businessDay, dayText, monthOfDay } from "../calendar.ts";
import { centsToDecimal } from "../money.ts";
import type { BasePlan } from "./base-plan.ts";
import type { RowBuffer } from "./row-buffer.ts";

/** A way of payment and the bank whose file brings it: arfm_id, its letter, index in `banks`. */
export type Way = { id: number; code: string; bank: number };

export type Bank = { code: number; name: string };

export const banks: readonly [Bank, ...Bank[]] = [
  { code: 1, name: "BANCO TESTE 001" },
  { code: 33, name: "BANCO TESTE 033" },
  { code: 104, name: "BANCO TESTE 104" },
  { code: 237, name: "BANCO TESTE 237" },
  { code: 341, name: "BANCO TESTE 341" },
];

export const ways: readonly [Way, ...Way[]] = [
  { id: 90, code: "P", bank: 0 },
  { id: 16, code: "F", bank: 4 },
  { id: 3, code: "3", bank: 3 },
  { id: 1, code: "1", bank: 2 },
  { id: 13, code: "D", bank: 0 },
  { id: 17, code: "C", bank: 1 },
  { id: 19, code: "B", bank: 1 },
  { id: 1, code: "1", bank: 0 },
];
/** PIX, boleto, internet, lottery house, direct debit, credit and debit card, counter. */
export const wayWeights: readonly number[] = [35, 15, 10, 20, 10, 3, 1, 6];

/** armv_dsidentificacaoservico of files that the filled base contains. */
export const FILE_SERVICE = "ARRECADACAO";

export type Slot = { paymentId: number; movementId: number; noticeId: number; lineNumber: number };

/**
 * Bank files and notices of the window: one file per day and bank, one notice per day and way. It gives payments
 * their numbers, rising by day, and keeps the sums; its size depends on the days, not on the properties.
 */
export type Ledger = {
  /** A line in the file of `way`'s bank on the day, and the number of its first payment. */
  openLine(day: number, way: number): Slot;
  /** Number of a further payment of the day (an extrato pays several bills by one line). */
  nextPaymentId(day: number): number;
  /** Adds to the day's sums; `counted: false` for money whose payment row was removed. */
  add(day: number, way: number, cents: number, counted: boolean): void;
  addFiles(rows: RowBuffer): void;
};

type Sum = { lines: number; cents: number; countedCents: number };

export function createLedger(plan: BasePlan): Ledger {
  const days = plan.today - plan.firstDay + 1;
  const perDay = Math.ceil(plan.properties * 0.4) + 100;
  const used = new Int32Array(days);
  const files = new Map<number, Sum>();
  const notices = new Map<number, Sum>();
  const dayIndex = (day: number): number => {
    const index = day - plan.firstDay;
    if (index < 0 || index >= days) {
      throw new RangeError("a payment lies outside the window of the base");
    }
    return index;
  };
  const nextPaymentId = (day: number): number => {
    const index = dayIndex(day);
    const number = (used[index] ?? 0) + 1;
    if (number > perDay) {
      throw new RangeError("more payments on one day than numbers were kept for it");
    }
    used[index] = number;
    return index * perDay + number;
  };
  return {
    nextPaymentId,
    openLine(day, way) {
      const file = dayIndex(day) * banks.length + bankOf(way);
      const sum = sumAt(files, file);
      sum.lines += 1;
      return {
        paymentId: nextPaymentId(day),
        movementId: file + 1,
        noticeId: dayIndex(day) * ways.length + way + 1,
        lineNumber: sum.lines,
      };
    },
    add(day, way, cents, counted) {
      const index = dayIndex(day);
      for (const sum of [sumAt(files, index * banks.length + bankOf(way)), sumAt(notices, index * ways.length + way)]) {
        sum.cents += cents;
        sum.countedCents += counted ? cents : 0;
      }
    },
    addFiles(rows) {
      for (const [file, sum] of files) {
        addFile(plan, rows, file, sum);
      }
      for (const [notice, sum] of notices) {
        addNotice(plan, rows, notice, sum);
      }
    },
  };
}

function bankOf(way: number): number {
  return ways[way]?.bank ?? 0;
}

function sumAt(sums: Map<number, Sum>, key: number): Sum {
  const found = sums.get(key);
  if (found !== undefined) {
    return found;
  }
  const sum = { lines: 0, cents: 0, countedCents: 0 };
  sums.set(key, sum);
  return sum;
}

function addFile(plan: BasePlan, rows: RowBuffer, file: number, sum: Sum): void {
  const day = plan.firstDay + Math.floor(file / banks.length);
  const bank = banks[file % banks.length] ?? banks[0];
  rows.add("arrecadacao.arrecadador_movimento", [
    file + 1,
    dayText(day),
    Math.floor(file / banks.length) + 1,
    `CONV${bank.code}`,
    bank.code,
    bank.name,
    2,
    4,
    FILE_SERVICE,
    sum.lines,
    centsToDecimal(sum.cents),
    `${dayText(day)} 02:00:00`,
  ]);
}

function addNotice(plan: BasePlan, rows: RowBuffer, notice: number, sum: Sum): void {
  const index = Math.floor(notice / ways.length);
  const day = plan.firstDay + index;
  const way = ways[notice % ways.length] ?? ways[0];
  const informed = centsToDecimal(sum.cents);
  const credit = dayText(businessDay(day + 1));
  rows.add("arrecadacao.aviso_bancario", [
    notice + 1,
    dayText(day),
    monthOfDay(day),
    1,
    way.bank + 1,
    index * banks.length + way.bank + 1,
    way.id,
    notice + 1,
    1,
    way.bank + 1,
    informed,
    informed,
    credit,
    day < plan.today ? credit : null,
    centsToDecimal(sum.countedCents),
    "0.00",
    informed,
    "0.00",
    `${dayText(day)} 02:00:00`,
  ]);
}
