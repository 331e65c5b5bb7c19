import { sql } from "kysely";
import pg from "pg";
import { expect, test } from "vitest";
import { createTestDatabase } from "../../test/helpers/database.ts";
import { openDatabase } from "./database.ts";
import { platformTx } from "./tx.ts";

test("a session works as the app role on schema aqueduto, and keeps the operator's own options", async () => {
  await using database = await createTestDatabase();
  const { db, close } = openDatabase({ url: `${database.url}?options=-c%20work_mem%3D5MB`, max: 1, applicationName: "aqueduto-options" });
  const { rows } =
    await sql`SELECT current_user::text AS role, current_setting('search_path') AS path, current_setting('work_mem') AS memory,
    current_setting('application_name') AS name`.execute(db);
  expect(rows).toEqual([{ role: "aqueduto_app", path: "aqueduto,pg_catalog", memory: "5MB", name: "aqueduto-options" }]);
  await close();
});

test("columns come without rounding and without a guessed zone", async () => {
  await using database = await createTestDatabase();
  const { rows } =
    await sql`SELECT 9007199254740993::int8 AS big, '{9007199254740993,NULL}'::int8[] AS bigs, 0.10::numeric AS decimal, '{1.50}'::numeric[] AS decimals,
    timestamp '2024-03-01 00:30' AS local, date '2024-03-01' AS day, timestamptz '2024-03-01 00:30+00' AS instant, '{10.0.0.0/8}'::cidr[] AS blocks,
    'ab'::bytea AS bytes, '{"a":[1]}'::jsonb AS document`.execute(database.db);
  expect(rows).toEqual([
    {
      big: 9_007_199_254_740_993n,
      bigs: [9_007_199_254_740_993n, null],
      decimal: "0.10",
      decimals: ["1.50"],
      local: "2024-03-01 00:30:00",
      day: "2024-03-01",
      instant: new Date("2024-03-01T00:30:00Z"),
      blocks: ["10.0.0.0/8"],
      bytes: Buffer.from("ab"),
      document: { a: [1] },
    },
  ]);
});

test("the pool's parsers are its own: another client of this process reads as before", async () => {
  await using database = await createTestDatabase();
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  expect((await client.query("SELECT 1::int8 AS n")).rows).toEqual([{ n: "1" }]);
  await client.end();
});

test("the pool outlives the end of its connections, idle or in a transaction", async () => {
  await using database = await createTestDatabase();
  const lost: Error[] = [];
  const { db, close } = openDatabase({
    url: database.url,
    max: 2,
    applicationName: "aqueduto-doomed",
    onConnectionLost: (error) => lost.push(error),
  });
  const kill = async (): Promise<void> => {
    const admin = new pg.Client({ connectionString: database.ownerUrl });
    await admin.connect();
    await admin.query("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name = 'aqueduto-doomed'");
    await admin.end();
  };
  await sql`SELECT 1`.execute(db);
  await kill();
  await expect.poll(() => lost.length).toBeGreaterThan(0);
  await expect(
    platformTx(db, async (tx) => {
      await kill();
      await sql`SELECT 1`.execute(tx);
    }),
  ).rejects.toThrow();
  expect((await sql<{ n: number }>`SELECT 1 AS n`.execute(db)).rows).toEqual([{ n: 1 }]);
  await close();
});
