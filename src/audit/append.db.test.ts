import { createHash } from "node:crypto";
import { sql } from "kysely";
import pg from "pg";
import { expect, test } from "vitest";
import { createTestDatabase } from "../../test/helpers/database.ts";
import type { Db, Tx } from "../db/database.ts";
import { platformTx, tenantTx } from "../db/tx.ts";
import { appendAdminEntry } from "./append.ts";

const who = { tenantId: "ten_a", actor: { kind: "key", id: "key_a" }, requestId: "req_a" } as const;

function append(db: Db, tenantId = "ten_a"): Promise<string> {
  return tenantTx(db, tenantId, (tx) =>
    appendAdminEntry(
      tx,
      { ...who, tenantId },
      { action: "token.revoke", target: { kind: "token", id: "tok_a" }, before: { state: "live", b: 1 }, detail: { reason: "lost" } },
    ),
  );
}

async function rows(db: Db, tenantId = "ten_a"): Promise<Record<string, unknown>[]> {
  return (
    await tenantTx(db, tenantId, (tx) => sql<Record<string, unknown>>`SELECT * FROM aqueduto.admin_entry ORDER BY entry_id`.execute(tx))
  ).rows;
}

test("an entry keeps who, what, the hash of what was there, and the detail", async () => {
  await using database = await createTestDatabase();
  const entryId = await append(database.db);
  expect(await rows(database.db)).toEqual([
    {
      tenant_id: "ten_a",
      entry_id: entryId,
      at: expect.any(Date),
      actor_kind: "key",
      actor_id: "key_a",
      action: "token.revoke",
      target_kind: "token",
      target_id: "tok_a",
      request_id: "req_a",
      before_hash: createHash("sha256").update('{"b":1,"state":"live"}').digest(),
      after_hash: null,
      detail: { reason: "lost" },
    },
  ]);
});

test("a change that rolls back leaves no entry", async () => {
  await using database = await createTestDatabase();
  const failed = tenantTx(database.db, "ten_a", async (tx) => {
    await appendAdminEntry(tx, who, { action: "client.create", target: { kind: "client", id: "cli_a" } });
    throw new Error("the change failed");
  });
  await expect(failed).rejects.toThrow("the change failed");
  expect(await rows(database.db)).toEqual([]);
});

test("an entry for another tenant than the transaction's is refused", async () => {
  await using database = await createTestDatabase();
  const foreign = tenantTx(database.db, "ten_b", (tx) =>
    appendAdminEntry(tx, who, { action: "client.create", target: { kind: "client", id: "cli_a" } }),
  );
  await expect(foreign).rejects.toMatchObject({ code: "42501" });
});

const changes = [
  "UPDATE aqueduto.@ SET request_id = 'x'",
  "DELETE FROM aqueduto.@",
  "TRUNCATE aqueduto.@ CASCADE",
  "ALTER TABLE aqueduto.@ DISABLE TRIGGER ALL",
  "DROP TABLE aqueduto.@",
];

async function insertAccess(tx: Tx, at = "2026-03-15T12:00:00Z"): Promise<void> {
  await sql`SELECT aqueduto.ensure_access_partitions(${at}::timestamptz)`.execute(tx);
  await sql`INSERT INTO aqueduto.access_entry (journal_id, counter, at, entry_id, phase, tenant_id, method, route, status, code, request_id)
    VALUES ('jrn_a', 1, ${at}, 'aud_a', 'answer', 'ten_a', 'GET', '*', 200, 'ok', 'req_a')`.execute(tx);
}

test.each(["admin_entry", "access_entry", "access_entry_2026_03"])("the app role can change nothing in %s", async (table) => {
  await using database = await createTestDatabase();
  await append(database.db);
  await platformTx(database.db, (tx) => insertAccess(tx));
  for (const change of changes) {
    const attempt = platformTx(database.db, (tx) => sql.raw(change.replace("@", table)).execute(tx));
    await expect(attempt).rejects.toMatchObject({ code: "42501" });
  }
});

test.each(["admin_entry", "access_entry", "access_entry_2026_03"])(
  "triggers refuse the owner too in %s, also as a replica",
  async (table) => {
    await using database = await createTestDatabase();
    await append(database.db);
    await platformTx(database.db, (tx) => insertAccess(tx));
    const owner = new pg.Client({ connectionString: database.ownerUrl });
    await owner.connect();
    for (const role of ["origin", "replica"]) {
      await owner.query(`SET session_replication_role = ${role}`);
      for (const change of changes.slice(0, 3)) {
        await expect(owner.query(change.replace("@", table))).rejects.toThrow(/append-only/);
      }
    }
    const { rows: counts } = await owner.query(
      "SELECT (SELECT count(*)::int FROM aqueduto.admin_entry) AS admin, (SELECT count(*)::int FROM aqueduto.access_entry) AS access",
    );
    expect(counts).toEqual([{ admin: 1, access: 1 }]);
    await owner.end();
  },
);

test.each([
  ["aqueduto_sequencer", "SELECT * FROM aqueduto.admin_entry", true],
  ["aqueduto_sequencer", "DELETE FROM aqueduto.admin_entry", false],
  ["aqueduto_reader", "SELECT * FROM aqueduto.access_entry", true],
  ["aqueduto_reader", "INSERT INTO aqueduto.admin_entry DEFAULT VALUES", false],
  ["aqueduto_reader", "UPDATE aqueduto.journal SET shipped_counter = 0", false],
  ["aqueduto_eraser", "SELECT * FROM aqueduto.access_entry", false],
  ["aqueduto_app", "DELETE FROM aqueduto.journal", false],
])("role %s: %s is allowed: %s", async (role, statement, allowed) => {
  await using database = await createTestDatabase();
  const client = new pg.Client({ connectionString: database.ownerUrl });
  await client.connect();
  await client.query(`SET ROLE ${role}`);
  const outcome = await client.query(statement).then(
    () => "done",
    (error: unknown) => (error instanceof pg.DatabaseError ? error.code : error),
  );
  expect(outcome).toBe(allowed ? "done" : "42501");
  await client.end();
});

test("a journal's counter never goes back, and a closed journal stays as it is", async () => {
  await using database = await createTestDatabase();
  const run = (statement: string) => platformTx(database.db, (tx) => sql.raw(statement).execute(tx));
  await run("INSERT INTO aqueduto.journal (journal_id, node_id, opened_at, shipped_counter) VALUES ('jrn_a', 'nod_a', now(), 5)");
  await expect(run("UPDATE aqueduto.journal SET shipped_counter = 4")).rejects.toMatchObject({ code: "42501" });
  await expect(run("UPDATE aqueduto.journal SET closed_counter = 6, closed_at = now()")).rejects.toMatchObject({ code: "23514" });
  await run("UPDATE aqueduto.journal SET closed_counter = 5, closed_at = now()");
  await expect(run("UPDATE aqueduto.journal SET shipped_counter = 6, closed_counter = 6")).rejects.toMatchObject({ code: "42501" });
});

test("partitions are made for the month and the two after it, by UTC, once, whatever the session's zone", async () => {
  await using database = await createTestDatabase();
  for (let i = 0; i < 2; i += 1) {
    await platformTx(database.db, async (tx) => {
      await sql`SET LOCAL timezone = 'Pacific/Kiritimati'`.execute(tx);
      await sql`SELECT aqueduto.ensure_access_partitions('2026-11-30T23:30:00Z')`.execute(tx);
    });
  }
  const { rows: parts } = await sql<{ name: string; bounds: string }>`
    SELECT c.relname AS name, pg_get_expr(c.relpartbound, c.oid) AS bounds FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
    WHERE i.inhparent = 'aqueduto.access_entry'::regclass ORDER BY 1`.execute(database.db);
  expect(parts.map((part) => part.name)).toEqual(["access_entry_2026_11", "access_entry_2026_12", "access_entry_2027_01"]);
  await platformTx(database.db, (tx) => insertAccess(tx, "2026-11-01T00:00:00Z"));
});

test("a row of nobody is seen by the platform's own work alone", async () => {
  await using database = await createTestDatabase();
  await platformTx(database.db, async (tx) => {
    await insertAccess(tx);
    await sql`INSERT INTO aqueduto.access_entry (journal_id, counter, at, entry_id, phase, method, route, status, code, request_id)
      VALUES ('jrn_a', 2, '2026-03-15T12:00:00Z', 'aud_b', 'answer', 'GET', '*', 401, 'unauthorized', 'req_b')`.execute(tx);
  });
  const seen = (tx: Tx) => sql<{ entry_id: string }>`SELECT entry_id FROM aqueduto.access_entry ORDER BY counter`.execute(tx);
  expect((await tenantTx(database.db, "ten_a", seen)).rows).toEqual([{ entry_id: "aud_a" }]);
  expect((await tenantTx(database.db, "ten_b", seen)).rows).toEqual([]);
  expect((await platformTx(database.db, seen)).rows.length).toBe(2);
  const foreign = tenantTx(database.db, "ten_b", (tx) =>
    sql`INSERT INTO aqueduto.access_entry (journal_id, counter, at, entry_id, phase, method, route, status, code, request_id)
    VALUES ('jrn_b', 1, '2026-03-15T12:00:00Z', 'aud_c', 'answer', 'GET', '*', 401, 'unauthorized', 'req_b')`.execute(tx),
  );
  await expect(foreign).rejects.toMatchObject({ code: "42501" });
});
