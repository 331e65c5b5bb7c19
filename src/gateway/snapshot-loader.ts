import { sql } from "kysely";
import type { Db, Tx } from "../db/database.ts";
import type { LoadFrom, PolicySink } from "./policy-keeper.ts";
import { accessFactors, readPolicyPages } from "./snapshot-loader-pages.ts";
import type {
  AccessRow,
  ChangedLicenses,
  ClientRow,
  GrantRow,
  LicenseRow,
  LicensingRows,
  ObjectRow,
  OperationRow,
  PartnerRow,
  PolicyChange,
  ServiceRow,
  SwitchRow,
  TokenRow,
} from "./policy/policy-rows.ts";

/** Rows that the store hands over at once, so that reading many holds nobody up. */
const fetchRows = 500;

/**
 * Reads what is new in the policy of all tenants as one instant of the store: undefined when its epoch is `known`. Small
 * tables come whole, where they changed; of clients, accesses and tokens the rows that did. With nothing known all of these
 * go to the sink, page by page, so that they are never all in memory as rows. `anew` when what is known cannot be brought up
 * to date so: rows were deleted, or the store is another than the known policy was read from (started again, restored,
 * failed over), whose epochs may stand for other changes.
 * A load can never mix two policies nor name an epoch that its rows do not have: every write to a policy table moves the one
 * row of `policy_epoch` in its own transaction and holds that row's lock until it commits, so writers commit one after
 * another, and this reads epoch and rows in one snapshot (repeatable read): the epoch it sees is that of the last commit it
 * sees. There is nothing beside the snapshot that is filled on a miss, so nothing old can be put back after a revocation.
 * platformTx cannot serve here: the isolation level has to be set before the transaction's first query.
 */
export function loadPolicy(db: Db, from: LoadFrom, sink: PolicySink): Promise<PolicyChange | "anew" | undefined> {
  return db
    .transaction()
    .setIsolationLevel("repeatable read")
    .setAccessMode("read only")
    .execute(async (tx) => {
      await sql`SELECT set_config('aqueduto.tenant', '*', true)`.execute(tx);
      const { known } = from;
      const { epoch, history } = await readPlace(tx);
      if (known !== undefined && (epoch < known || (from.history ?? history) !== history)) return "anew";
      if (epoch === known) return undefined;
      const changed = await changedTables(tx, known);
      if (known !== undefined && changed("deleted rows")) return "anew";
      const small = { ...(await readLicenses(tx, known, changed)), ...(await readSmallTables(tx, changed)) };
      if (known !== undefined) return { epoch, history, ...small, ...(await readChanged(tx, known)) };
      await fetch(tx, clientRows, (rows: ClientRow[]) => sink.addClients(rows));
      await readPolicyPages(tx, sink);
      return { epoch, history, ...small, clients: [], accesses: [], tokens: [] };
    });
}

/**
 * The epoch, and which database it is one of: a restored copy and a stand-by that took over run in another server, or at
 * least in other tables.
 */
async function readPlace(tx: Tx): Promise<{ epoch: bigint; history: string }> {
  const [row] = await rowsOf<{ epoch: bigint; history: string }>(
    tx,
    sql`SELECT epoch, concat_ws(' ', extract(epoch FROM pg_postmaster_start_time()), tableoid,
                                (SELECT oid FROM pg_database WHERE datname = current_database())) AS history
          FROM aqueduto.policy_epoch`,
  );
  if (row === undefined) throw new Error("aqueduto.policy_epoch has no row");
  return row;
}

/** Whether a table changed after the epoch; with none known every one did. */
async function changedTables(tx: Tx, known: bigint | undefined): Promise<HasChanged> {
  if (known === undefined) return () => true;
  const rows = await rowsOf<{ table_name: string }>(tx, sql`SELECT table_name FROM aqueduto.policy_table_epoch WHERE epoch > ${known}`);
  const names = new Set(rows.map((row) => row.table_name));
  return (...tables) => tables.some((name) => names.has(name));
}

type HasChanged = (...tables: string[]) => boolean;

/** Licenses alone where neither services nor operations changed, which all of them are compiled over. */
async function readLicenses(tx: Tx, known: bigint | undefined, changed: HasChanged): Promise<Pick<PolicyChange, "licensing" | "licenses">> {
  if (changed("service", "operation")) return { licensing: await readLicensing(tx) };
  if (known === undefined || !changed("license", "license_operation", "license_object")) return {};
  return { licenses: await readChangedLicenses(tx, known) };
}

async function readChangedLicenses(tx: Tx, known: bigint): Promise<ChangedLicenses> {
  const since = sql`SELECT tenant_id, license_id FROM aqueduto.license_changed WHERE epoch > ${sql.lit(known)}`;
  const those = sql`WHERE (tenant_id, license_id) IN (${since})`;
  return {
    ids: await fetchAll(tx, since),
    licenses: await fetchAll<LicenseRow>(tx, sql`${licenseRows} ${those}`),
    grants: await fetchAll<GrantRow>(tx, sql`${grantRows} ${those}`),
    objects: await fetchAll<ObjectRow>(tx, sql`${objectRows} ${those}`),
  };
}

async function readSmallTables(tx: Tx, changed: HasChanged): Promise<Pick<PolicyChange, "partners" | "switches">> {
  return {
    ...(changed("partner")
      ? { partners: await rowsOf<PartnerRow>(tx, sql`SELECT tenant_id, partner_id, state FROM aqueduto.partner`) }
      : {}),
    ...(changed("kill_switch")
      ? {
          switches: await rowsOf<SwitchRow>(tx, sql`SELECT tenant_id, level, target_id FROM aqueduto.kill_switch WHERE undone_at IS NULL`),
        }
      : {}),
  };
}

async function readLicensing(tx: Tx): Promise<LicensingRows> {
  return {
    services: await rowsOf<ServiceRow>(
      tx,
      sql`SELECT tenant_id, service_id, live_url, sandbox_url, credential_sealed, identity_key_sealed, status_map, state,
                 openapi -> 'x-targets' AS target_settings, ${moreTargets("live")} AS more_live, ${moreTargets("test")} AS more_sandbox
            FROM aqueduto.service AS s`,
    ),
    operations: await fetchAll<OperationRow>(
      tx,
      sql`SELECT tenant_id, service_id, operation_id, method, path, parameters, request_schema, response_schema, publishable,
                 coalesce(timeout_override_ms, timeout_ms) AS timeout_ms, max_body_bytes, deprecated_at, sunset_at
            FROM aqueduto.operation
           WHERE state = 'served'`,
    ),
    licenses: await fetchAll<LicenseRow>(tx, licenseRows),
    grants: await fetchAll<GrantRow>(tx, grantRows),
    objects: await fetchAll<ObjectRow>(tx, objectRows),
  };
}

/** The targets after the first, which stands in the service's own row. */
function moreTargets(mode: "live" | "test"): ReturnType<typeof sql> {
  return sql`ARRAY(SELECT t.url FROM aqueduto.service_target AS t
                    WHERE (t.tenant_id, t.service_id, t.mode) = (s.tenant_id, s.service_id, ${sql.lit(mode)}) AND t.position > 1
                    ORDER BY t.position)`;
}

const licenseRows = sql`
  SELECT tenant_id, license_id, partner_id, version, state, starts_at, ends_at, rate_per_second, burst,
         quota_day, quota_month FROM aqueduto.license`;
const grantRows = sql`SELECT tenant_id, license_id, operation_id, projection, fields FROM aqueduto.license_operation`;
const objectRows = sql`SELECT tenant_id, license_id, municipalities, localities, matriculas, ranges FROM aqueduto.license_object`;
const clientRows = sql`SELECT tenant_id, client_id, partner_id, state FROM aqueduto.client`;
const accessRows = sql`
  SELECT tenant_id, access_id, client_id, license_id, kind, mode, cidrs::text[] AS cidrs, origins,
         ${accessFactors} AS factors, state, expires_at FROM aqueduto.access`;
const tokenRows = sql`SELECT tenant_id, token_id, access_id, digest, state, expires_at, retiring_until FROM aqueduto.token`;

async function readChanged(tx: Tx, known: bigint): Promise<Pick<PolicyChange, "clients" | "accesses" | "tokens">> {
  const since = sql`WHERE changed_epoch > ${sql.lit(known)}`;
  return {
    clients: await fetchAll<ClientRow>(tx, sql`${clientRows} ${since}`),
    accesses: await fetchAll<AccessRow>(tx, sql`${accessRows} ${since}`),
    tokens: await fetchAll<TokenRow>(tx, sql`${tokenRows} ${since}`),
  };
}

async function fetchAll<T>(tx: Tx, statement: ReturnType<typeof sql>): Promise<T[]> {
  const all: T[] = [];
  await fetch<T>(tx, statement, (rows) => all.push(...rows));
  return all;
}

/** Hands over rows some at a time. */
async function fetch<T>(tx: Tx, statement: ReturnType<typeof sql>, take: (rows: T[]) => void): Promise<void> {
  await sql`DECLARE policy_rows NO SCROLL CURSOR FOR ${statement}`.execute(tx);
  for (;;) {
    const rows = await rowsOf<T>(tx, sql`FETCH ${sql.lit(fetchRows)} FROM policy_rows`);
    take(rows);
    if (rows.length < fetchRows) break;
  }
  await sql`CLOSE policy_rows`.execute(tx);
}

/** The type stands for what the statement selects; the loader's own test reads a row of every table through it. */
async function rowsOf<T>(tx: Tx, statement: ReturnType<typeof sql>): Promise<T[]> {
  const { rows } = await statement.execute(tx);
  return rows as T[];
}
