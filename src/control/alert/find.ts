import { sql } from "kysely";
import type { AlertRule } from "../../contract/alert.ts";
import type { Db } from "../../db/database.ts";
import { platformTx } from "../../db/tx.ts";

/** What a rule found: one thing that is wrong now. */
export type Finding = { rule: AlertRule; subject: string; detail: Record<string, string | number> };

/** Of one process: what no table tells. */
export type AlertSources = {
  nodeId: string;
  /** Where findings about nodes go, which are no tenant's. */
  tenantId: string;
  journalUsedRatio(): number;
  certificateEndsAt(): Date | undefined;
};

/** Rules whose findings only the process that they are about can see. */
export const ownRules: readonly AlertRule[] = ["journal-half-full", "certificate-expiring"];

const dayMs = 24 * 3_600_000;

export function findOwn(sources: AlertSources, now: Date): Finding[] {
  const found: Finding[] = [];
  const ratio = sources.journalUsedRatio();
  if (ratio >= 0.5) found.push({ rule: "journal-half-full", subject: sources.nodeId, detail: { used_percent: Math.floor(ratio * 100) } });
  const ends = sources.certificateEndsAt();
  if (ends !== undefined && ends.getTime() - now.getTime() < 14 * dayMs)
    found.push({ rule: "certificate-expiring", subject: sources.nodeId, detail: { ends_at: ends.toISOString() } });
  return found;
}

/** What the tables tell, by tenant, at the store's time; findings about nodes stand under `platformTenant`. */
export async function findInStore(db: Db, platformTenant: string): Promise<(Finding & { tenant_id: string })[]> {
  const { rows } = await platformTx(db, (tx) =>
    sql<Finding & { tenant_id: string }>`
      SELECT ${platformTenant}::text AS tenant_id, 'island' AS rule, node_id AS subject,
             jsonb_build_object('lease_until', lease_until) AS detail
        FROM aqueduto.node
       WHERE stopped_at IS NULL AND lease_until < now() - interval '10 s' AND lease_until > now() - interval '1 day'
      UNION ALL
      SELECT b.tenant_id, 'capture-lag', b.base_id, jsonb_build_object('last_pass_at', m.noted_at)
        FROM aqueduto.gsan_base b
        CROSS JOIN LATERAL (SELECT max(noted_at) AS noted_at FROM aqueduto.capture_mark
                             WHERE (tenant_id, base_id) = (b.tenant_id, b.base_id)) m
       WHERE b.state = 'active' AND b.baseline_done_at IS NOT NULL AND m.noted_at < now() - interval '5 min'
      UNION ALL
      SELECT tenant_id, 'webhook-failing', webhook_id, jsonb_build_object('failing_since', failing_since, 'failures', failures)
        FROM aqueduto.webhook_health WHERE failures > 0 AND failing_since < now() - interval '10 min'
      UNION ALL
      SELECT tenant_id, 'token-expiring', token_id, jsonb_build_object('expires_at', expires_at, 'access_id', access_id)
        FROM aqueduto.token WHERE state = 'live' AND expires_at BETWEEN now() AND now() + interval '7 days'
      UNION ALL
      SELECT t.tenant_id, 'error-rate', 'gateway', jsonb_build_object('calls', c.calls, 'failed', c.failed)
        FROM aqueduto.tenant t
        CROSS JOIN LATERAL (SELECT count(*) AS calls, count(*) FILTER (WHERE status >= 500) AS failed FROM aqueduto.access_entry
                             WHERE tenant_id = t.tenant_id AND at > now() - interval '5 min' AND phase = 'answer') c
       WHERE c.failed >= 10 AND c.failed >= 0.05 * c.calls
      UNION ALL
      SELECT t.tenant_id, 'enumeration-suspected', c.access_id, jsonb_build_object('calls', c.calls)
        FROM aqueduto.tenant t
        CROSS JOIN LATERAL (SELECT access_id, count(*) AS calls FROM aqueduto.access_entry
                             WHERE tenant_id = t.tenant_id AND at > now() - interval '5 min' AND phase = 'answer'
                               AND clause IN ('object-scope', 'object-unknown', 'opaque-reference')
                             GROUP BY access_id HAVING count(*) >= 100) c`.execute(tx),
  );
  return rows;
}
