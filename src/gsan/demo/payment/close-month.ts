import type { Pool } from "pg";
import type { DemoCloseResult } from "../../../contract/demo-port.ts";
import { centsToDecimal, decimalToCents } from "../money.ts";
import { closeBills } from "./bill-history.ts";
import { CLASSIFY, COPY_PAYMENTS, DELETE_PAYMENTS, PAGE } from "./closing-sql.ts";
import { inTransaction } from "./in-transaction.ts";
import { utilityTime } from "./pay.ts";
import type { UtilityClock } from "./pay.ts";

/** GSAN closes in pages of this many payments, each its own transaction. */
const PAGE_SIZE = 500;

type Page = { last: number; moved: number; bills: number; cents: number };

/**
 * Classifies what is unclassified (UC0300) and closes the collection of all months up to the current one (UC0276):
 * payments of final status get a history row of the same number and leave pagamento, their bills follow. Nobody paid
 * anything by it. Payments of other status stay where they are.
 */
export async function closeMonth(pool: Pool, clock: UtilityClock): Promise<DemoCloseResult> {
  const { month, timestamp } = utilityTime(clock);
  const classified = await inTransaction(pool, async (client) => (await client.query(CLASSIFY, [month, timestamp])).rowCount ?? 0);
  const total = { moved: 0, bills: 0, cents: 0 };
  let last = 0;
  for (;;) {
    const page = await closePage(pool, { month, timestamp: utilityTime(clock).timestamp, last });
    if (page === undefined) {
      break;
    }
    last = page.last;
    total.moved += page.moved;
    total.bills += page.bills;
    total.cents += page.cents;
  }
  return { month, classified, moved: total.moved, bills: total.bills, total: centsToDecimal(total.cents) };
}

function closePage(pool: Pool, from: { month: number; timestamp: string; last: number }): Promise<Page | undefined> {
  return inTransaction(pool, async (client) => {
    const { rows } = await client.query<{ pgmt_id: number; cnta_id: number | null; paid: string }>(PAGE, [
      from.month,
      from.last,
      PAGE_SIZE,
    ]);
    const ids = rows.map(({ pgmt_id }) => pgmt_id);
    const last = ids.at(-1);
    if (last === undefined) {
      return undefined;
    }
    await client.query(COPY_PAYMENTS, [ids, from.month, from.timestamp]);
    await client.query(DELETE_PAYMENTS, [ids]);
    const billIds = rows.map(({ cnta_id }) => cnta_id).filter((id) => id !== null);
    const bills = await closeBills(client, billIds, from);
    return { last, moved: ids.length, bills, cents: rows.reduce((sum, { paid }) => sum + decimalToCents(paid), 0) };
  });
}
