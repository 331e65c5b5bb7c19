import { sql } from "kysely";
import type { Db } from "../../db/database.ts";
import { tenantTx } from "../../db/tx.ts";

/** Of these payments of a base, those whose client-transaction a webhook has confirmed. */
export async function deliveredPayments(db: Db, of: { tenantId: string; baseId: string }, ids: readonly number[]): Promise<Set<number>> {
  const keys = ids.map((id) => `${of.baseId}/${id}`);
  const { rows } = await tenantTx(db, of.tenantId, (tx) =>
    sql<{ key: string }>`
      SELECT k.key FROM event_key k
       WHERE k.tenant_id = ${of.tenantId} AND k.type = 'client-transaction' AND k.key = ANY (${keys})
         AND EXISTS (SELECT FROM delivery d WHERE d.tenant_id = k.tenant_id AND d.event_day = k.day
                        AND d.state = 'delivered' AND k.event_id = ANY (d.event_ids))`.execute(tx),
  );
  return new Set(rows.map(({ key }) => Number(key.slice(key.lastIndexOf("/") + 1))));
}
