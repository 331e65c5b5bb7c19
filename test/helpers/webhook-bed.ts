import { randomBytes } from "node:crypto";
import { sql } from "kysely";
import pg from "pg";
import type { Db } from "../../src/db/database.ts";
import { tenantTx } from "../../src/db/tx.ts";
import { systemClock } from "../../src/platform/clock.ts";
import { newId } from "../../src/platform/ids.ts";
import { createLog } from "../../src/platform/log.ts";
import { type DataKey, seal } from "../../src/platform/seal.ts";
import { type Dispatcher, type DispatcherOptions, startDispatcher } from "../../src/webhooks/dispatcher.ts";

export const dataKey: DataKey = { kid: "k1", key: randomBytes(32) };

export type Hook = { tenantId: string; licenseId: string; partnerId: string; webhookId: string; secret: string };

/** A demo tenant: only such a one may reach a receiver on loopback. */
export async function addTenant(db: Db): Promise<string> {
  const tenantId = newId("ten");
  await tenantTx(db, tenantId, (tx) => sql`INSERT INTO tenant (tenant_id, name, demo) VALUES (${tenantId}, 'Teste', true)`.execute(tx));
  return tenantId;
}

export type HookOptions = {
  address: string;
  url?: string;
  types?: string[];
  granted?: { type: string; variant: "whole" | "thin" }[];
  state?: string;
  licenseState?: string;
  partnerState?: string;
  startsAt?: string;
  endsAt?: string;
  mode?: string;
  maxBatch?: number;
};

/** A webhook with a partner and a license of its own; verified and granted all its types unless told otherwise. */
export async function addHook(db: Db, tenantId: string, options: HookOptions): Promise<Hook> {
  const [partnerId, licenseId, webhookId] = [newId("par"), newId("lic"), newId("whk")];
  const secret = `whsec_${randomBytes(32).toString("base64")}`;
  const types = options.types ?? ["client-transaction"];
  const granted = options.granted ?? types.map((type) => ({ type, variant: "whole" as const }));
  await tenantTx(db, tenantId, async (tx) => {
    await sql`INSERT INTO partner (tenant_id, partner_id, name, state) VALUES (${tenantId}, ${partnerId}, 'P', ${options.partnerState ?? "active"})`.execute(
      tx,
    );
    await sql`INSERT INTO license (tenant_id, license_id, partner_id, name, state, purpose, legal_basis, starts_at, ends_at, rate_per_second, burst)
      VALUES (${tenantId}, ${licenseId}, ${partnerId}, 'L', ${options.licenseState ?? "active"}, 'teste', 'art. 7 V',
              ${options.startsAt ?? "2020-01-01"}::timestamptz, ${options.endsAt ?? "2099-01-01"}::timestamptz, 10, 10)`.execute(tx);
    for (const grant of granted) {
      await sql`INSERT INTO license_event (tenant_id, license_id, event_type, variant) VALUES (${tenantId}, ${licenseId}, ${grant.type}, ${grant.variant})`.execute(
        tx,
      );
    }
    await sql`INSERT INTO webhook (tenant_id, webhook_id, license_id, name, url, event_types, mode, state, secret_sealed, allowed_address, max_batch)
      VALUES (${tenantId}, ${webhookId}, ${licenseId}, 'W', ${options.url ?? `http://${options.address}/hook`}, ${types}, ${options.mode ?? "live"},
              ${options.state ?? "verified"}, ${seal(dataKey, secret, `webhook.secret:${webhookId}`)}, ${options.address}, ${options.maxBatch ?? 500})`.execute(
      tx,
    );
  });
  return { tenantId, licenseId, partnerId, webhookId, secret };
}

export type Enqueued = { key: string; event_id: string; outcome: string };

export async function enqueue(
  db: Db,
  tenantId: string,
  items: readonly { key: string; body: string }[],
  more: { type?: string; mode?: string; source?: string } = {},
): Promise<Enqueued[]> {
  const { type = "client-transaction", mode = "live", source = "capture:test" } = more;
  return tenantTx(db, tenantId, async (tx) => {
    const { rows } = await sql<Enqueued>`SELECT * FROM aqueduto.enqueue_events(${tenantId}, ${mode}, ${type},
      ${items.map((item) => item.key)}::text[], ${items.map((item) => item.body)}::text[], ${source})`.execute(tx);
    return rows;
  });
}

/** `count` payments numbered from `from`. */
export function payments(count: number, from = 1): { key: string; body: string }[] {
  return Array.from({ length: count }, (_, i) => ({
    key: String(from + i),
    body: `{"idtransaction":${from + i},"idcliente":"01400-2","valorpago":${((from + i) % 100) + 0.5}}`,
  }));
}

/** Runs a statement that sees this tenant's rows alone. */
export async function rowsOf<T>(db: Db, tenantId: string, statement: ReturnType<typeof sql<T>>): Promise<T[]> {
  return tenantTx(db, tenantId, async (tx) => (await statement.execute(tx)).rows);
}

/** As the owner of the schema, for what the running platform may not do, such as turning time forward. */
export async function asOwner(ownerUrl: string, statement: string, values: unknown[] = []): Promise<pg.QueryResult> {
  const client = new pg.Client({ connectionString: ownerUrl });
  await client.connect();
  try {
    return await client.query(statement, values);
  } finally {
    await client.end();
  }
}

/** A dispatcher that is drained on dispose. */
export async function runDispatcher(
  database: { db: Db; url: string },
  more: Partial<DispatcherOptions> = {},
): Promise<Dispatcher & AsyncDisposable> {
  const dispatcher = await startDispatcher({
    db: database.db,
    listenUrl: database.url,
    keyring: { data: dataKey, oldData: new Map() },
    log: createLog("silent"),
    clock: systemClock,
    nodeId: newId("nod"),
    forbidden: () => [],
    ...more,
  });
  return { ...dispatcher, [Symbol.asyncDispose]: () => dispatcher.drain(1_000) };
}
