import { sql } from "kysely";
import type { Db, Tx } from "../db/database.ts";
import type {
  AccessRow,
  ClientRow,
  GrantRow,
  LicenseRow,
  OperationRow,
  PartnerRow,
  PolicyRows,
  ServiceRow,
  TokenRow,
} from "./policy/policy-rows.ts";

/** Ended tokens stay recognisable for so many days, so that the audit can say whose old token still calls. */
const endedTokenDays = 90;

/**
 * Reads the whole policy of all tenants as one instant of the store; undefined when its epoch is still `knownEpoch`.
 * platformTx cannot serve here: the isolation level has to be set before the transaction's first query.
 */
export function loadPolicy(db: Db, knownEpoch: bigint | undefined): Promise<PolicyRows | undefined> {
  return db
    .transaction()
    .setIsolationLevel("repeatable read")
    .setAccessMode("read only")
    .execute(async (tx) => {
      await sql`SELECT set_config('aqueduto.tenant', '*', true)`.execute(tx);
      const epoch = await readEpoch(tx);
      return epoch === knownEpoch ? undefined : readRows(tx, epoch);
    });
}

async function readEpoch(tx: Tx): Promise<bigint> {
  const [row] = await rowsOf<{ epoch: bigint }>(tx, sql`SELECT epoch FROM aqueduto.policy_epoch`);
  if (row === undefined) throw new Error("aqueduto.policy_epoch has no row");
  return row.epoch;
}

async function readRows(tx: Tx, epoch: bigint): Promise<PolicyRows> {
  return {
    epoch,
    partners: await rowsOf<PartnerRow>(tx, sql`SELECT tenant_id, partner_id, state FROM aqueduto.partner`),
    clients: await rowsOf<ClientRow>(tx, sql`SELECT tenant_id, client_id, partner_id, state FROM aqueduto.client`),
    services: await rowsOf<ServiceRow>(
      tx,
      sql`SELECT tenant_id, service_id, live_url, sandbox_url, credential_sealed, identity_key_sealed, state FROM aqueduto.service`,
    ),
    operations: await rowsOf<OperationRow>(
      tx,
      sql`SELECT tenant_id, service_id, operation_id, method, path, parameters, request_schema, response_schema, publishable, timeout_ms,
                 max_body_bytes
            FROM aqueduto.operation`,
    ),
    licenses: await rowsOf<LicenseRow>(
      tx,
      sql`SELECT tenant_id, license_id, partner_id, version, state, starts_at, ends_at, rate_per_second, burst FROM aqueduto.license`,
    ),
    grants: await rowsOf<GrantRow>(tx, sql`SELECT tenant_id, license_id, operation_id, projection FROM aqueduto.license_operation`),
    accesses: await rowsOf<AccessRow>(
      tx,
      sql`SELECT tenant_id, access_id, client_id, license_id, kind, mode, cidrs::text[] AS cidrs, origins, state, expires_at
            FROM aqueduto.access`,
    ),
    tokens: await rowsOf<TokenRow>(
      tx,
      sql`SELECT tenant_id, token_id, access_id, digest, state, expires_at, retiring_until
            FROM aqueduto.token
           WHERE state <> 'ended' OR ended_at > now() - make_interval(days => ${endedTokenDays})`,
    ),
  };
}

/** The type stands for what the statement selects; the loader's own test reads a row of every table through it. */
async function rowsOf<T>(tx: Tx, statement: ReturnType<typeof sql>): Promise<T[]> {
  const { rows } = await statement.execute(tx);
  return rows as T[];
}
