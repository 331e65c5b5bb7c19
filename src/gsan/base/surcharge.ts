import { daysBetween } from "../connection/local-date.ts";
import { shareOf } from "./money.ts";

/**
 * What a late payment costs. GSAN computes surcharges on the day and stores none; its own rule depends on system
 * parameters and index tables that vary by utility. This is our rule, the common one in Brazil: a late fee once and
 * simple interest a month pro rata die (a month = 30 days), each rounded half up to the cent; no monetary correction.
 * A utility with other numbers sets them; 0 and 0 switch surcharges off.
 */
export type SurchargeRule = {
  /** Late fee (multa) in basis points of the amount; 200 = 2 %. */
  lateFeeBasisPoints: number;
  /** Interest (juros) a month in basis points of the amount; 100 = 1 %. */
  monthlyInterestBasisPoints: number;
};

export const commonSurcharges: SurchargeRule = { lateFeeBasisPoints: 200, monthlyInterestBasisPoints: 100 };

/** `lateFeeCharged`: GSAN's `iccobrancamulta` = 1, the fee of this debt was already billed and is not due again. */
export type Debt = { amountCents: bigint; dueOn: string; lateFeeCharged: boolean };

/** Surcharge in cents on the day `today` (YYYY-MM-DD); 0 up to and on the due date, and for nothing owed. */
export function surchargeCents(rule: SurchargeRule, debt: Debt, today: string): bigint {
  const daysLate = daysBetween(debt.dueOn, today);
  if (daysLate <= 0 || debt.amountCents <= 0n) return 0n;
  const fee = debt.lateFeeCharged ? 0n : shareOf(debt.amountCents, BigInt(rule.lateFeeBasisPoints), 10_000n);
  return fee + shareOf(debt.amountCents, BigInt(rule.monthlyInterestBasisPoints) * BigInt(daysLate), 300_000n);
}
