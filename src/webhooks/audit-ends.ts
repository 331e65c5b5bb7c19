import { sql } from "kysely";
import { appendNamedEntries } from "../audit/append.ts";
import type { Tx } from "../db/database.ts";

export type DeliveryKey = { tenant_id: string; day: string; delivery_id: string };

type Ended = {
  tenant_id: string;
  delivery_id: string;
  webhook_id: string;
  type: string;
  state: string;
  state_reason: string | null;
  items: number;
  attempts: number;
  first_sequence: string;
  last_sequence: string;
};

/**
 * One entry of the admin log for each of these deliveries that has ended, with how: read from the rows, so that a try that
 * decided nothing tells nothing. In the transaction that ends them.
 */
export async function auditEnds(tx: Tx, run: string, keys: readonly DeliveryKey[]): Promise<void> {
  const { rows } = await sql<Ended>`
    SELECT d.tenant_id, d.delivery_id, d.webhook_id, d.type, d.state, d.state_reason, cardinality(d.event_ids) AS items, d.attempts,
           d.first_sequence::text AS first_sequence, d.last_sequence::text AS last_sequence
      FROM jsonb_to_recordset(${JSON.stringify(keys)}::jsonb) AS k(tenant_id text, day date, delivery_id text)
      -- retention may have moved it to a later day meanwhile
      JOIN delivery d ON d.tenant_id = k.tenant_id AND d.day >= k.day AND d.delivery_id = k.delivery_id
     WHERE d.state IN ('delivered', 'dead', 'cancelled')`.execute(tx);
  const actor = { kind: "system", id: `dispatcher:${run}` } as const;
  await appendNamedEntries(
    tx,
    rows.map(({ tenant_id, delivery_id, ...detail }) => ({
      entryId: delivery_id.replace(/^dlv_/, "aud_"),
      who: { tenantId: tenant_id, actor, requestId: delivery_id },
      entry: { action: "delivery.end", target: { kind: "delivery", id: delivery_id }, detail },
    })),
  );
}
