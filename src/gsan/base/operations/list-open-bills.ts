import { decimalOf } from "../money.ts";
import { requiredText, type Answer, type Operation } from "../operation.ts";
import { monthOf } from "./gsan-values.ts";
import { openBillColumns, openBills, type OpenBill } from "./open-bills.ts";
import { requireProperty, requirePropertyColumns } from "./require-property.ts";

const maxItems = 500;

/** GET /v1/properties/{ref}/bills: open bills with the surcharges of the utility's day. */
export const listOpenBills: Operation = {
  columns: { ...requirePropertyColumns, ...openBillColumns },

  async answer(context, input) {
    const ref = requiredText(input.params, "ref");
    const place = await requireProperty(context, Number(ref));
    const bills = await openBills(context, Number(ref));
    const total = bills.reduce((sum, bill) => sum + bill.amountCents + bill.surchargeCents, 0n);
    return {
      matricula: ref,
      ...place,
      as_of: context.today,
      total_due: decimalOf(total),
      count: bills.length,
      items: bills.slice(0, maxItems).map(item),
    };
  },
};

function item(bill: OpenBill): Answer {
  return {
    bill_id: bill.billId,
    reference: monthOf(bill.reference),
    due_on: bill.dueOn,
    amount: decimalOf(bill.amountCents),
    surcharge: decimalOf(bill.surchargeCents),
    amount_due: decimalOf(bill.amountCents + bill.surchargeCents),
    payable: bill.payable,
  };
}
