import pg from "pg";
import { expect, test } from "vitest";
import { createTestDatabase } from "../../test/helpers/database.ts";

async function asOwner(url: string, text: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query({ text, rowMode: "array" })).rows.flat();
  } finally {
    await client.end();
  }
}

// policies of a partitioned table hold for queries that name it; its partitions are closed to the app role, see below
const tenantTables = `
  SELECT c.oid, c.relname, c.relrowsecurity, c.relforcerowsecurity FROM pg_class c
  WHERE c.relnamespace = 'aqueduto'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
    AND EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped)`;

test("every table with tenant_id forces row security by the policy of the running transaction's tenant", async () => {
  await using database = await createTestDatabase();
  expect(await asOwner(database.ownerUrl, `SELECT count(*)::int > 10 FROM (${tenantTables}) t`)).toEqual([true]);
  expect(
    await asOwner(database.ownerUrl, `SELECT relname FROM (${tenantTables}) t WHERE NOT (relrowsecurity AND relforcerowsecurity)`),
  ).toEqual([]);
  const open = await asOwner(
    database.ownerUrl,
    `SELECT relname FROM (${tenantTables}) t WHERE NOT EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = t.oid)
       OR EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = t.oid AND p.polpermissive AND (
         coalesce(pg_get_expr(p.polqual, p.polrelid), 'tenant_visible(tenant_id)') NOT LIKE '%tenant_visible(tenant_id)%'
         OR coalesce(pg_get_expr(p.polwithcheck, p.polrelid), 'tenant_visible(tenant_id)') NOT LIKE '%tenant_visible(tenant_id)%'))`,
  );
  expect(open).toEqual([]);
});

test("the app role reaches no partition except through its parent", async () => {
  await using database = await createTestDatabase();
  const reachable = await asOwner(
    database.ownerUrl,
    `SELECT c.relname FROM pg_class c WHERE c.relnamespace = 'aqueduto'::regnamespace AND c.relispartition AND c.relkind = 'r'
       AND has_table_privilege('aqueduto_app', c.oid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE')`,
  );
  expect(reachable).toEqual([]);
  expect(
    await asOwner(
      database.ownerUrl,
      "SELECT count(*)::int > 0 FROM pg_class WHERE relnamespace = 'aqueduto'::regnamespace AND relispartition",
    ),
  ).toEqual([true]);
});

test("the app role owns nothing, steps around nothing, and can neither create nor grant", async () => {
  await using database = await createTestDatabase();
  expect(
    await asOwner(
      database.ownerUrl,
      "SELECT rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolcanlogin FROM pg_roles WHERE rolname = 'aqueduto_app'",
    ),
  ).toEqual([false, false, false, false, false]);
  expect(await asOwner(database.ownerUrl, "SELECT relname FROM pg_class WHERE relowner = 'aqueduto_app'::regrole")).toEqual([]);
  for (const statement of [
    "ALTER TABLE tenant DISABLE ROW LEVEL SECURITY",
    "ALTER TABLE tenant NO FORCE ROW LEVEL SECURITY",
    "DROP POLICY tenant ON tenant",
    "CREATE POLICY open ON tenant USING (true)",
    "CREATE TABLE aqueduto.mine (n int)",
    "CREATE OR REPLACE FUNCTION aqueduto.tenant_visible(text) RETURNS boolean LANGUAGE sql AS 'SELECT true'",
    "ALTER TABLE tenant OWNER TO aqueduto_app",
    "DROP TRIGGER policy_epoch ON tenant",
    "TRUNCATE tenant CASCADE",
    "DELETE FROM token",
    "UPDATE policy_epoch SET epoch = 0",
    "INSERT INTO aqueduto.migration (number, name, checksum) VALUES (9999, 'x', 'x')",
  ]) {
    const refusal = await database.pool.query(statement).then(
      () => "done",
      (error: Error) => error.message,
    );
    expect(`${statement}: ${refusal}`).toMatch(/: (must be owner|permission denied)/);
  }
});

test("with row security switched off by the session a query fails instead of seeing more", async () => {
  await using database = await createTestDatabase();
  const client = await database.pool.connect();
  try {
    await client.query("SET row_security = off");
    await expect(client.query("SELECT * FROM tenant")).rejects.toThrow("row-level security");
  } finally {
    client.release(true);
  }
});

test("no function of the schema is everybody's to call, but the one that the policies call", async () => {
  await using database = await createTestDatabase();
  const open = await asOwner(
    database.ownerUrl,
    `SELECT p.proname FROM pg_proc p, aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) g
     WHERE p.pronamespace = 'aqueduto'::regnamespace AND g.grantee = 0 AND g.privilege_type = 'EXECUTE' ORDER BY 1`,
  );
  expect(open).toEqual(["tenant_visible"]);
});

test("a function that runs with its owner's rights has a fixed search path", async () => {
  await using database = await createTestDatabase();
  const loose = await asOwner(
    database.ownerUrl,
    `SELECT p.proname FROM pg_proc p WHERE p.pronamespace = 'aqueduto'::regnamespace AND p.prosecdef
       AND NOT EXISTS (SELECT FROM unnest(p.proconfig) c WHERE c LIKE 'search_path=%') ORDER BY 1`,
  );
  expect(loose).toEqual([]);
});
