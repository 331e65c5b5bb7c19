import pg from "pg";
import { expect, test } from "vitest";
import { createEmptyDatabase } from "../../../test/helpers/database.ts";
import { openGsan } from "./open-gsan.ts";
import { probeColumns, probeServer } from "./probe-columns.ts";

test("numbers, dates and timestamps arrive as the text PostgreSQL wrote, int8 as bigint", async () => {
  await using database = await createEmptyDatabase();
  const gsan = openGsan({ url: database.url, max: 1, applicationName: "test" });
  const { rows } = await gsan.pool.query(
    "SELECT 9999999.99::numeric(13,2) AS money, date '2026-11-24' AS day, timestamp '2026-11-24 00:00:00.123456' AS moment, 9007199254740993::int8 AS big, 7 AS small",
  );
  expect(rows).toEqual([
    { money: "9999999.99", day: "2026-11-24", moment: "2026-11-24 00:00:00.123456", big: 9_007_199_254_740_993n, small: 7 },
  ]);
  await gsan.close();
});

test("dates are ISO whatever the DateStyle of the database is", async () => {
  await using database = await createEmptyDatabase();
  await asOwner(database.url, `ALTER DATABASE ${database.name} SET datestyle = 'SQL, DMY'`);
  const gsan = openGsan({ url: database.url, max: 1, applicationName: "test" });
  const { rows } = await gsan.pool.query("SELECT date '2026-11-24' AS day");
  expect(rows).toEqual([{ day: "2026-11-24" }]);
  await gsan.close();
});

test("a write is refused even for a superuser, and a slow statement is ended by the server", async () => {
  await using database = await createEmptyDatabase();
  const gsan = openGsan({ url: database.url, max: 2, applicationName: "test", statementTimeoutMs: 50 });
  await expect(gsan.pool.query("CREATE TABLE public.t (a int)")).rejects.toMatchObject({ code: "25006" });
  await expect(gsan.pool.query("SELECT pg_sleep(60)")).rejects.toMatchObject({ code: "57014" });
  await gsan.close();
});

test("the probe names missing tables and columns, and knows optional ones", async () => {
  await using database = await createEmptyDatabase();
  const gsan = openGsan({ url: database.url, max: 1, applicationName: "test" });
  await asOwner(database.url, "CREATE SCHEMA cadastro; CREATE TABLE cadastro.imovel (imov_id int, extra int)");
  const probe = await probeColumns(gsan.pool, { "cadastro.imovel": ["imov_id", "loca_id"], "cadastro.cliente": ["clie_id"] });
  expect(probe.missing).toEqual(["cadastro.imovel.loca_id", "cadastro.cliente.clie_id"]);
  expect([probe.has("cadastro.imovel", "extra"), probe.has("cadastro.imovel", "none")]).toEqual([true, false]);
  expect(await probeServer(gsan.pool)).toEqual({ versionNumber: expect.any(Number), encoding: "UTF8" });
  await gsan.close();
});

test("a connection that the server ends while it is in use ends no process: its next query fails, and the pool makes another", async () => {
  await using database = await createEmptyDatabase();
  const gsan = openGsan({ url: database.url, max: 1, applicationName: "aqueduto-doomed-gsan" });
  const client = await gsan.pool.connect();
  const ended = new Promise((resolve) => client.once("end", resolve));
  await asOwner(database.url, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'aqueduto-doomed-gsan'");
  // between two queries nothing but a listener takes the error
  await ended;
  await expect(client.query("SELECT 1")).rejects.toThrow();
  client.release(true);
  expect((await gsan.pool.query("SELECT 1 AS n")).rows).toEqual([{ n: 1 }]);
  await gsan.close();
});

async function asOwner(url: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(sql);
  await client.end();
}
