import { sql } from "kysely";
import { expect, test } from "vitest";
import { createTestDatabase } from "../../test/helpers/database.ts";
import type { Db } from "../db/database.ts";
import { platformTx, tenantTx } from "../db/tx.ts";
import { newId } from "../platform/ids.ts";
import { appendAdminEntry } from "./append.ts";
import { getEntry, listAccessEntries, listAdminEntries } from "./read.ts";

const start = Date.parse("2026-03-30T00:00:00.000Z");

/** One admin entry per tenant and turn. */
async function appendAdmin(db: Db, tenantId: string, count: number): Promise<string[]> {
  const ids: string[] = [];
  for (let i = 0; i < count; i += 1) {
    ids.push(
      await tenantTx(db, tenantId, (tx) =>
        appendAdminEntry(
          tx,
          { tenantId, actor: { kind: "system", id: "main" }, requestId: `req_${i}` },
          { action: "client.create", target: { kind: "client", id: `cli_${i}` }, after: { i } },
        ),
      ),
    );
  }
  return ids.toSorted().toReversed();
}

/** Access entries, two at the same instant, over the end of a month; newest first. */
async function insertAccess(db: Db, tenantId: string, count: number): Promise<string[]> {
  const ids: { at: number; id: string }[] = [];
  await platformTx(db, async (tx) => {
    await sql`SELECT aqueduto.ensure_access_partitions(${new Date(start)})`.execute(tx);
    for (let i = 0; i < count; i += 1) {
      const at = start + Math.floor(i / 2) * 86_400_000;
      const id = newId("aud", at);
      ids.push({ at, id });
      await sql`INSERT INTO aqueduto.access_entry (journal_id, counter, at, entry_id, phase, tenant_id, license_id, method, route, status, code, request_id, ip_sealed, agent_sealed)
        VALUES (${`jrn_${tenantId}`}, ${i + 1}, ${new Date(at)}, ${id}, 'answer', ${tenantId}, ${`lic_${i % 2}`}, 'GET', '/v1/x', 200, 'ok', ${`req_${i}`}, '\\x00', '\\x00')`.execute(
        tx,
      );
    }
  });
  return ids.toSorted((a, b) => b.at - a.at || (a.id < b.id ? 1 : -1)).map((one) => one.id);
}

async function walk(
  page: (cursor: string | undefined) => Promise<{ items: { entry_id: string }[]; next: string | null }>,
): Promise<string[][]> {
  const pages: string[][] = [];
  let cursor: string | null | undefined;
  while (cursor !== null) {
    const { items, next } = await page(cursor);
    pages.push(items.map((entry) => entry.entry_id));
    cursor = next;
  }
  return pages;
}

test("the admin log is walked newest first, each entry once, this tenant's alone", async () => {
  await using database = await createTestDatabase();
  const ids = await appendAdmin(database.db, "ten_a", 7);
  await appendAdmin(database.db, "ten_b", 3);
  const pages = await walk((cursor) => listAdminEntries(database.db, "ten_a", { limit: 3, ...(cursor === undefined ? {} : { cursor }) }));
  expect(pages).toEqual([ids.slice(0, 3), ids.slice(3, 6), ids.slice(6)]);
  const one = await listAdminEntries(database.db, "ten_a", { targetKind: "client", targetId: "cli_2", action: "client.create" });
  expect(one).toMatchObject({
    items: [{ target_id: "cli_2", after_hash: expect.stringMatching(/^[0-9a-f]{64}$/), before_hash: null }],
    next: null,
  });
});

test("the access log is walked newest first over months and equal instants, without what is sealed", async () => {
  await using database = await createTestDatabase();
  const ids = await insertAccess(database.db, "ten_a", 9);
  await insertAccess(database.db, "ten_b", 4);
  const pages = await walk((cursor) => listAccessEntries(database.db, "ten_a", { limit: 4, ...(cursor === undefined ? {} : { cursor }) }));
  expect(pages).toEqual([ids.slice(0, 4), ids.slice(4, 8), ids.slice(8)]);
  const { items } = await listAccessEntries(database.db, "ten_a", { licenseId: "lic_1", requestId: "req_3" });
  expect(items).toMatchObject([{ license_id: "lic_1", request_id: "req_3", counter: 4 }]);
  expect(Object.keys(items[0] ?? {}).filter((key) => key.includes("sealed") || key === "tenant_id")).toEqual([]);
});

test("an entry of either log is found by its id; another tenant's is not there", async () => {
  await using database = await createTestDatabase();
  const [adminId = ""] = await appendAdmin(database.db, "ten_a", 1);
  const [accessId = ""] = await insertAccess(database.db, "ten_a", 1);
  expect(await getEntry(database.db, "ten_a", adminId)).toMatchObject({ log: "admin", entry: { entry_id: adminId } });
  expect(await getEntry(database.db, "ten_a", accessId)).toMatchObject({ log: "access", entry: { entry_id: accessId } });
  for (const id of [adminId, accessId, "aud_none"])
    await expect(getEntry(database.db, "ten_b", id)).rejects.toMatchObject({ code: "not-found" });
});

test.each(["", "x", "aud_1", "1.aud_1", "-1.aud_00000000000000000000000000"])(
  "the cursor %j, which no page gave, is refused",
  async (cursor) => {
    await using database = await createTestDatabase();
    await expect(listAdminEntries(database.db, "ten_a", { cursor })).rejects.toMatchObject({ code: "bad-request" });
    await expect(listAccessEntries(database.db, "ten_a", { cursor })).rejects.toMatchObject({ code: "bad-request" });
  },
);

test("a cursor far from any entry ends the list", async () => {
  await using database = await createTestDatabase();
  await insertAccess(database.db, "ten_a", 1);
  const cursor = "99999999999999.aud_00000000000000000000000000";
  expect((await listAccessEntries(database.db, "ten_a", { cursor })).items.length).toBe(1);
  expect(await listAccessEntries(database.db, "ten_a", { cursor: "0.aud_00000000000000000000000000" })).toEqual({ items: [], next: null });
});
