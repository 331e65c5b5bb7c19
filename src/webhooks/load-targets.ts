import { sql } from "kysely";
import type { Tx } from "../db/database.ts";
import type { Mode, Target, Variant } from "./target.ts";

type TargetRow = {
  tenant_id: string;
  webhook_id: string;
  url: string;
  event_types: string[];
  mode: Mode;
  state: Target["state"];
  max_batch: number;
  secret_sealed: Buffer;
  allowed_address: string | null;
  demo: boolean;
  partner_state: Target["partnerState"];
  license_state: Target["licenseState"];
  starts_at: Date;
  ends_at: Date;
  grants: Record<string, Variant>;
};

/** A kill switch of the license, of its partner or of everything holds deliveries as a suspension does. */
const select = sql`
  SELECT w.tenant_id, w.webhook_id, w.url, w.event_types, w.mode, w.state, w.max_batch, w.secret_sealed, w.allowed_address, t.demo,
         CASE WHEN p.state = 'active' AND EXISTS (SELECT FROM kill_switch k WHERE k.tenant_id = w.tenant_id AND k.undone_at IS NULL
                AND (k.level = 'all' OR (k.level, k.target_id) = ('partner', p.partner_id)))
              THEN 'disabled' ELSE p.state END AS partner_state,
         CASE WHEN l.state = 'active' AND EXISTS (SELECT FROM kill_switch k WHERE k.tenant_id = w.tenant_id AND k.undone_at IS NULL
                AND (k.level, k.target_id) = ('license', l.license_id))
              THEN 'suspended' ELSE l.state END AS license_state,
         l.starts_at, l.ends_at,
         coalesce((SELECT jsonb_object_agg(e.event_type, e.variant) FROM license_event e
                    WHERE e.tenant_id = l.tenant_id AND e.license_id = l.license_id), '{}') AS grants
    FROM webhook w
    JOIN license l ON l.tenant_id = w.tenant_id AND l.license_id = w.license_id
    JOIN partner p ON p.tenant_id = l.tenant_id AND p.partner_id = l.partner_id
    JOIN tenant t ON t.tenant_id = w.tenant_id`;

/** The webhooks of one tenant that could get an event, in a fixed order. */
export async function loadTenantTargets(tx: Tx, tenantId: string): Promise<Target[]> {
  const { rows } = await sql<TargetRow>`${select}
     WHERE w.tenant_id = ${tenantId} AND w.state IN ('verified', 'failing', 'paused') AND l.state IN ('active', 'suspended') ORDER BY w.webhook_id`.execute(
    tx,
  );
  return rows.map(asTarget);
}

/** The webhooks asked for, whatever their state; one that is gone is left out. */
export async function loadTargets(tx: Tx, keys: readonly { tenantId: string; webhookId: string }[]): Promise<Target[]> {
  const { rows } = await sql<TargetRow>`${select}
    JOIN unnest(${keys.map((key) => key.tenantId)}::text[], ${keys.map((key) => key.webhookId)}::text[]) AS wanted(tenant_id, webhook_id)
      ON wanted.tenant_id = w.tenant_id AND wanted.webhook_id = w.webhook_id`.execute(tx);
  return rows.map(asTarget);
}

function asTarget(row: TargetRow): Target {
  return {
    tenantId: row.tenant_id,
    webhookId: row.webhook_id,
    url: row.url,
    eventTypes: row.event_types,
    mode: row.mode,
    state: row.state,
    maxBatch: row.max_batch,
    secretSealed: row.secret_sealed,
    allowedAddress: row.allowed_address,
    demo: row.demo,
    partnerState: row.partner_state,
    licenseState: row.license_state,
    startsAt: row.starts_at,
    endsAt: row.ends_at,
    grants: new Map(Object.entries(row.grants)),
  };
}
