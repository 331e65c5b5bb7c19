import pg from "pg";
import { expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../../test/helpers/database.ts";
import { createTenantFixture, testKeyring } from "../../test/helpers/tenant.ts";
import { suspendLicense } from "../control/license/hold.ts";
import { createLog } from "../platform/log.ts";
import { createPolicyKeeper } from "./policy-keeper.ts";
import { createContractCache } from "./policy/contract-cache.ts";
import { PolicyStore } from "./policy/policy-store.ts";
import type { PolicyChange } from "./policy/policy-rows.ts";
import type { Snapshot } from "./policy/snapshot.ts";
import { loadPolicy } from "./snapshot-loader.ts";

const keyring = testKeyring();

function newStore(): PolicyStore {
  return new PolicyStore({
    keys: keyring,
    contracts: createContractCache(),
    onFault(_serviceId, error) {
      throw error;
    },
  });
}

async function load(base: TestDatabase, known: bigint | undefined, store: PolicyStore): Promise<PolicyChange> {
  const change = await loadPolicy(base.db, { known }, store);
  if (change === undefined || change === "anew") throw new Error("there is something to load");
  return change;
}

function applied(store: PolicyStore, change: PolicyChange): Snapshot {
  const steps = store.apply(change);
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

/** Everything of a token but what is compiled. */
function shown(snapshot: Snapshot) {
  return [...snapshot.tokens.values()]
    .map(({ access: { license, allowsAddress, origins, ...access }, ...token }) => ({
      ...token,
      access: { ...access, license: license.licenseId, tenant: license.tenantId, origins: [...origins], inside: allowsAddress("10.1.2.3") },
    }))
    .toSorted((a, b) => (a.tokenId < b.tokenId ? -1 : 1));
}

/** Accesses and tokens of every form, more than a page of each. */
function fill(tenantId: string, licenseId: string, partnerId: string): string[] {
  const id = (prefix: string) => `'${prefix}_' || lpad(n::text, 6, '0') || '${tenantId.slice(-4)}'`;
  return [
    `INSERT INTO client (tenant_id, client_id, partner_id, name, state)
     SELECT '${tenantId}', ${id("cli")}, '${partnerId}', 'C', CASE WHEN n % 7 = 0 THEN 'disabled' ELSE 'active' END FROM generate_series(1, 2100) n`,
    `INSERT INTO access (tenant_id, access_id, client_id, license_id, kind, mode, cidrs, origins, state, expires_at)
     SELECT '${tenantId}', ${id("acc")}, ${id("cli")}, '${licenseId}', CASE WHEN n % 3 = 0 THEN 'publishable' ELSE 'confidential' END,
            CASE WHEN n % 2 = 0 THEN 'live' ELSE 'test' END,
            CASE n % 3 WHEN 1 THEN '{10.0.0.0/8,2001:db8::/32}'::cidr[] WHEN 2 THEN '{}'::cidr[] ELSE '{192.0.2.0/24}'::cidr[] END,
            CASE n % 3 WHEN 0 THEN ARRAY['https://a' || n || '.example', 'https://b.example:8443'] ELSE '{}' END,
            (ARRAY['active', 'disabled', 'revoked'])[1 + n % 3], CASE WHEN n % 5 = 0 THEN now() + interval '1 day' END
       FROM generate_series(1, 2100) n`,
    `INSERT INTO token (tenant_id, token_id, access_id, digest, pepper_id, hint, state, expires_at, retiring_until, ended_at, ended_reason)
     SELECT '${tenantId}', ${id("tok")}, ${id("acc")}, sha256((n || '${tenantId}')::bytea), 'pepper1', 'abcd', s,
            CASE WHEN n % 4 = 0 THEN '2030-01-01T00:00:00.123456Z'::timestamptz END,
            CASE WHEN s = 'retiring' THEN now() + interval '1 hour' END, CASE WHEN s = 'ended' THEN now() END, CASE WHEN s = 'ended' THEN 'x' END
       FROM generate_series(1, 2100) n, LATERAL (SELECT (ARRAY['live', 'retiring', 'ended'])[1 + n % 3] AS s) x`,
  ];
}

test("a first load page by page gives the policy that the same rows give as changes, past pages and tenants; long ended tokens are left out", async () => {
  await using base = await createTestDatabase();
  const client = new pg.Client({ connectionString: base.ownerUrl });
  await client.connect();
  await client.query("SET search_path = aqueduto, public");
  for (let tenant = 0; tenant < 2; tenant += 1) {
    const { tenantId, license, partner } = await createTenantFixture(base.db, { keyring });
    for (const statement of fill(tenantId, license.license_id, partner.partner_id)) await client.query(statement);
  }
  const paged = newStore();
  const byPages = applied(paged, await load(base, undefined, paged));
  // every row has changed since an epoch before the first
  const rows = await load(base, -1n, newStore());
  const byRows = applied(newStore(), rows);
  expect(byPages.tokens.size).toBe(2 * 2101);
  expect(shown(byPages)).toEqual(shown(byRows));
  for (const row of rows.tokens) expect(byPages.tokens.get(row.digest.toString("latin1"))?.tokenId).toBe(row.token_id);
  expect(byPages.origins.get("https://b.example:8443")).toHaveLength(2 * 700);
  await client.query("UPDATE token SET ended_at = now() - interval '91 days' WHERE state = 'ended'");
  await client.end();
  const later = newStore();
  expect(applied(later, await load(base, undefined, later)).tokens.size).toBe(2 * 1401);
});

/** A keeper over the real loader. */
function keeperOf(base: TestDatabase) {
  return createPolicyKeeper({
    load: (from, sink) => loadPolicy(base.db, from, sink),
    onApplied: () => undefined,
    onFault(_serviceId, error) {
      throw error;
    },
    keys: keyring,
    contracts: createContractCache(),
    log: createLog("silent"),
  });
}

test("rows that the owner deletes, one by one or all at once, lead to a full load that does not know them", async () => {
  await using base = await createTestDatabase();
  const { tokenId, tenantId } = await createTenantFixture(base.db, { keyring });
  const keeper = keeperOf(base);
  await using owner = await ownerOf(base);
  const ids = () => [...(keeper.current()?.tokens.values() ?? [])].map((token) => token.tokenId).toSorted();
  await keeper.refresh();
  expect(ids()).toEqual([tokenId]);
  const second = await createTenantFixture(base.db, { keyring });
  await keeper.refresh();
  expect(ids()).toEqual([tokenId, second.tokenId].toSorted());
  await owner.query(`DELETE FROM aqueduto.token WHERE tenant_id = '${tenantId}'`);
  await keeper.refresh();
  expect(ids()).toEqual([second.tokenId]);
  await owner.query("TRUNCATE aqueduto.token CASCADE");
  await keeper.refresh();
  expect(ids()).toEqual([]);
});

test("a database that is an older copy is read whole: its rows are in use at its epoch, and none of the rows of before", async () => {
  await using base = await createTestDatabase();
  const old = await createTenantFixture(base.db, { keyring });
  const keeper = keeperOf(base);
  await keeper.refresh();
  const epoch = keeper.current()?.epoch ?? 0n;
  const later = await createTenantFixture(base.db, { keyring });
  await keeper.refresh();
  await using owner = await ownerOf(base);
  // what a restored copy looks like: the later rows were never there, and no trigger has told of it
  await owner.query("SET session_replication_role = replica");
  await owner.query(`DELETE FROM aqueduto.token WHERE tenant_id = '${later.tenantId}'`);
  await owner.query(`UPDATE aqueduto.policy_epoch SET epoch = ${epoch}`);
  await keeper.refresh();
  expect(keeper.current()?.epoch).toBe(epoch);
  expect([...(keeper.current()?.tokens.values() ?? [])].map((token) => token.tokenId)).toEqual([old.tokenId]);
});

test("a change of a license reads that license alone, with all that it grants; of a service or operation, all of them", async () => {
  await using base = await createTestDatabase();
  const { ctx, license, tenantId, serviceId } = await createTenantFixture(base.db, { keyring });
  await createTenantFixture(base.db, { keyring });
  await using owner = await ownerOf(base);
  const changeAfter = async (statement: string) => {
    const before = await load(base, undefined, newStore());
    await owner.query(statement);
    return load(base, before.epoch, newStore());
  };
  const one = { tenant_id: tenantId, license_id: license.license_id };
  const where = `WHERE tenant_id = '${tenantId}' AND license_id = '${license.license_id}'`;
  const grants = license.operations.map((operation) => ({ ...one, operation_id: operation.operation_id }));
  const renamed = await changeAfter(`UPDATE aqueduto.license SET burst = 77 ${where}`);
  expect(renamed.licensing).toBeUndefined();
  expect(renamed.licenses).toMatchObject({ ids: [one], licenses: [{ ...one, burst: 77 }], grants });
  const [first] = grants;
  const taken = await changeAfter(`DELETE FROM aqueduto.license_operation ${where} AND operation_id = '${first?.operation_id}'`);
  expect(taken.licenses?.grants).toHaveLength(grants.length - 1);
  const scoped = await changeAfter(
    `INSERT INTO aqueduto.license_object (tenant_id, license_id) VALUES ('${tenantId}', '${license.license_id}')`,
  );
  expect(scoped.licenses).toMatchObject({ ids: [one], objects: [one] });
  await suspendLicense(ctx, { license_id: license.license_id, reason: "x" });
  const service = await changeAfter(`UPDATE aqueduto.service SET state = 'disabled' WHERE service_id = '${serviceId}'`);
  expect(service.licenses).toBeUndefined();
  expect(service.licensing?.licenses.map((row) => row.state).toSorted()).toEqual(["active", "suspended"]);
});

async function ownerOf(base: TestDatabase): Promise<pg.Client & AsyncDisposable> {
  const client = new pg.Client({ connectionString: base.ownerUrl });
  await client.connect();
  return Object.assign(client, { [Symbol.asyncDispose]: () => client.end() });
}
