import { sql } from "kysely";
import { createAccess } from "../../src/control/access/create.ts";
import { createClientApplication } from "../../src/control/client/create.ts";
import { createIdentityProvider } from "../../src/control/identity-provider/create.ts";
import { ingestEvents } from "../../src/control/event/ingest.ts";
import { openIncident } from "../../src/control/incident/open.ts";
import { setKillSwitch } from "../../src/control/kill-switch/set.ts";
import { addTotp } from "../../src/control/sign-in/add-totp.ts";
import { createToken } from "../../src/control/token/create.ts";
import { revokeToken } from "../../src/control/token/revoke.ts";
import type { Db } from "../../src/db/database.ts";
import { platformTx } from "../../src/db/tx.ts";
import { newId } from "../../src/platform/ids.ts";
import { createTestUser } from "./people.ts";
import { createTenantFixture, type TenantFixture, type TenantFixtureOptions } from "./tenant.ts";

export type FilledTenant = TenantFixture & { ids: Record<string, string> };

/** A tenant fixture and what it lacks, so that every list of the contract has something to show; an id for every parameter. */
export async function createFilledTenant(db: Db, options: TenantFixtureOptions = {}): Promise<FilledTenant> {
  const fixture = await createTenantFixture(db, options);
  const text = `{"client-transaction":[{"idtransaction":1,"idcliente":"01400-2","valorpago":10}]}`;
  const ctx = { ...fixture.ctx, eventTypes: ["client-transaction"] };
  const { ids } = await ingestEvents(ctx, { text, idempotencyKey: "fill", mode: "live" });
  const user = await createTestUser(fixture.ctx, ["auditor"]);
  const app = await addTotp(user.ctx, { name: "waits for its first code" });
  const provider = await createIdentityProvider(fixture.ctx, {
    name: "SSO",
    issuer: "https://sso.example.com",
    client_id: "x",
    client_secret: "x",
    email_domains: ["example.com"],
  });
  const killed = await setKillSwitch(ctx, { level: "license", target_id: fixture.license.license_id, reason: "x" });
  const incident = await openIncident(ctx, { title: "x", description: "x", known_at: "2026-01-01T00:00:00Z" });
  const rows = await insertRows(db, fixture, ids);
  return {
    ...fixture,
    ids: {
      partner_id: fixture.partner.partner_id,
      license_id: fixture.license.license_id,
      client_id: fixture.client.client_id,
      access_id: fixture.access.access_id,
      token_id: fixture.tokenId,
      webhook_id: fixture.webhook.webhook_id,
      service_id: fixture.serviceId,
      ...rows,
      event_id: ids[0] ?? "",
      incident_id: incident.incident_id,
      user_id: user.userId,
      provider_id: provider.provider_id,
      key_id: fixture.apiKeyId,
      session_id: user.ctx.session?.sessionId ?? "",
      factor_id: app.factor_id,
      switch_id: killed.switch_id,
      revocation_id: await revokeOne(fixture),
    },
  };
}

/** Revokes a token of the fixture's partner; the id of the revocation. */
async function revokeOne({ ctx, partner, license }: TenantFixture): Promise<string> {
  const { client_id } = await createClientApplication(ctx, { partner_id: partner.partner_id, name: "x" });
  const bound = { kind: "confidential" as const, mode: "live" as const, cidrs: ["127.0.0.1/32"] };
  const { access_id } = await createAccess(ctx, { client_id, license_id: license.license_id, ...bound });
  const { token_id } = await createToken(ctx, { access_id });
  return (await revokeToken(ctx, { token_id, reason: "x" })).revocation_id ?? "";
}

/** What no verb of the control plane makes: a delivery, an entry of the access log, a key's check value. */
async function insertRows(db: Db, fixture: TenantFixture, eventIds: readonly string[]): Promise<Record<string, string>> {
  const { tenantId, partner, license, access, webhook } = fixture;
  const ids = { delivery_id: newId("dlv"), entry_id: newId("aud"), request_id: newId("req"), alert_id: newId("alt") };
  await platformTx(db, async (tx) => {
    await sql`INSERT INTO key_check (kid, purpose, check_value) VALUES ('pepper1', 'pepper', 'x') ON CONFLICT DO NOTHING`.execute(tx);
    await sql`SELECT aqueduto.ensure_event_days(), aqueduto.ensure_access_partitions(now())`.execute(tx);
    await sql`INSERT INTO delivery (tenant_id, day, delivery_id, webhook_id, type, variant, event_day, event_ids, first_sequence, last_sequence)
      VALUES (${tenantId}, (now() AT TIME ZONE 'UTC')::date, ${ids.delivery_id}, ${webhook.webhook_id}, 'client-transaction', 'whole',
        (now() AT TIME ZONE 'UTC')::date, ${eventIds}, 1, 1)`.execute(tx);
    await sql`INSERT INTO alert (tenant_id, alert_id, rule, subject, detail, state, raised_at)
      VALUES (${tenantId}, ${ids.alert_id}, 'island', 'node_x', '{}', 'raised', now())`.execute(tx);
    await sql`INSERT INTO access_entry (journal_id, counter, at, entry_id, phase, tenant_id, partner_id, license_id, access_id, method, route,
        status, code, request_id)
      VALUES (${newId("jrn")}, 1, now(), ${ids.entry_id}, 'answer', ${tenantId}, ${partner.partner_id}, ${license.license_id},
        ${access.access_id}, 'GET', '/x', 200, 'ok', ${ids.request_id})`.execute(tx);
  });
  return ids;
}
