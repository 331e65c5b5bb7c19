import { sql } from "kysely";
import { expect, test } from "vitest";
import { createTestDatabase } from "../../test/helpers/database.ts";
import type { Db } from "./database.ts";
import { platformTx, tenantTx } from "./tx.ts";

async function addTenants(db: Db): Promise<void> {
  for (const tenant_id of ["ten_a", "ten_b"])
    await tenantTx(db, tenant_id, (tx) => tx.insertInto("tenant").values({ tenant_id, name: tenant_id }).execute());
}

const everyTenant = sql<{ tenant_id: string }>`SELECT tenant_id FROM tenant ORDER BY 1`;

test("a query without a filter sees the rows of its own tenant alone", async () => {
  await using database = await createTestDatabase();
  await addTenants(database.db);
  const seen = await tenantTx(database.db, "ten_a", (tx) => everyTenant.execute(tx));
  expect(seen.rows).toEqual([{ tenant_id: "ten_a" }]);
});

test("the platform's transaction sees every tenant, and a query outside both sees none", async () => {
  await using database = await createTestDatabase();
  await addTenants(database.db);
  const all = await platformTx(database.db, (tx) => everyTenant.execute(tx));
  expect(all.rows).toEqual([{ tenant_id: "ten_a" }, { tenant_id: "ten_b" }]);
  expect((await everyTenant.execute(database.db)).rows).toEqual([]);
});

test("a write outside its own tenant changes nothing or is refused", async () => {
  await using database = await createTestDatabase();
  await addTenants(database.db);
  const changed = await tenantTx(database.db, "ten_a", (tx) => sql`UPDATE tenant SET name = 'taken'`.execute(tx));
  expect(changed.numAffectedRows).toBe(1n);
  const foreign = tenantTx(database.db, "ten_a", (tx) => tx.insertInto("tenant").values({ tenant_id: "ten_c", name: "c" }).execute());
  await expect(foreign).rejects.toThrow("row-level security");
  const names = await platformTx(database.db, (tx) => tx.selectFrom("tenant").select("name").orderBy("tenant_id").execute());
  expect(names).toEqual([{ name: "taken" }, { name: "ten_b" }]);
});

test("the tenant ends with its transaction, whether that commits or not", async () => {
  await using database = await createTestDatabase();
  await addTenants(database.db);
  await expect(tenantTx(database.db, "ten_a", () => Promise.reject(new Error("undone")))).rejects.toThrow("undone");
  const settings = await Promise.all(
    Array.from({ length: 10 }, () =>
      sql<{ value: string | null }>`SELECT nullif(current_setting('aqueduto.tenant', true), '') AS value`.execute(database.db),
    ),
  );
  expect(new Set(settings.map(({ rows }) => rows[0]?.value))).toEqual(new Set([null]));
});

test.each(["*", ""])("%j is no tenant", async (tenant) => {
  await using database = await createTestDatabase();
  await expect(tenantTx(database.db, tenant, async () => undefined)).rejects.toThrow(RangeError);
});
