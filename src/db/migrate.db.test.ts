import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import pg from "pg";
import { expect, test } from "vitest";
import { createEmptyDatabase } from "../../test/helpers/database.ts";
import { migrate, MigrationError } from "./migrate.ts";

const shipped = (await readdir(fileURLToPath(new URL("migrations", import.meta.url)))).sort().map((name) => name.replace(".sql", ""));

async function migrations(files: Record<string, string>): Promise<{ path: string } & AsyncDisposable> {
  const path = await mkdtemp(join(tmpdir(), "aqueduto-migrations-"));
  for (const [name, sql] of Object.entries(files)) await writeFile(join(path, name), sql);
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

async function connect(url: string): Promise<pg.Client & AsyncDisposable> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  return Object.assign(client, { [Symbol.asyncDispose]: () => client.end() });
}

const one = { "0001_one.sql": "CREATE TABLE aqueduto.one (n int)" };

test("an empty database comes to this release, and a second run changes nothing", async () => {
  await using database = await createEmptyDatabase();
  const steps: string[] = [];
  expect(await migrate({ url: database.url, progress: (name) => steps.push(name) })).toEqual(shipped);
  expect(steps).toEqual(shipped);
  expect(await migrate({ url: database.url })).toEqual([]);
});

test("five migrators at once apply each migration once", async () => {
  await using database = await createEmptyDatabase();
  const results = await Promise.all(Array.from({ length: 5 }, () => migrate({ url: database.url })));
  expect(results.filter((applied) => applied.length > 0)).toEqual([shipped]);
});

test("migrators of several databases in one cluster do not trip over the roles they share", async () => {
  await using first = await createEmptyDatabase();
  await using second = await createEmptyDatabase();
  await using third = await createEmptyDatabase();
  const results = await Promise.all([first, second, third].map(({ url }) => migrate({ url })));
  expect(results).toEqual([shipped, shipped, shipped]);
});

test("a database of a newer release is refused and left as it is", async () => {
  await using database = await createEmptyDatabase();
  await using newer = await migrations({ ...one, "0002_two.sql": "CREATE TABLE aqueduto.two (n int)" });
  await using older = await migrations(one);
  await migrate({ url: database.url, directory: newer.path });
  const attempt = migrate({ url: database.url, directory: older.path });
  await expect(attempt).rejects.toThrow(MigrationError);
  await expect(attempt).rejects.toThrow(/at migration 0002_two, and this release knows them up to 1/);
});

test("a migration edited after it was applied is refused", async () => {
  await using database = await createEmptyDatabase();
  await using before = await migrations(one);
  await using after = await migrations({ "0001_one.sql": "CREATE TABLE aqueduto.one (n bigint)" });
  await migrate({ url: database.url, directory: before.path });
  await expect(migrate({ url: database.url, directory: after.path })).rejects.toThrow(/0001_one differs/);
});

test("a failing migration is rolled back whole, and the ones before it stay", async () => {
  await using database = await createEmptyDatabase();
  await using broken = await migrations({ ...one, "0002_two.sql": "CREATE TABLE aqueduto.two (n int); SELECT 1/0" });
  await expect(migrate({ url: database.url, directory: broken.path })).rejects.toThrow(
    /0002_two failed and was rolled back: division by zero/,
  );
  await using client = await connect(database.url);
  const { rows } = await client.query(
    "SELECT to_regclass('aqueduto.one') IS NOT NULL AS one, to_regclass('aqueduto.two') IS NOT NULL AS two, (SELECT max(number) FROM aqueduto.migration) AS last",
  );
  expect(rows).toEqual([{ one: true, two: false, last: 1 }]);
});

test("a migration waits for a lock in short tries, so that it never blocks the readers behind it for long", async () => {
  await using database = await createEmptyDatabase();
  await using first = await migrations(one);
  await using both = await migrations({ ...one, "0002_two.sql": "ALTER TABLE aqueduto.one ADD COLUMN m int" });
  await migrate({ url: database.url, directory: first.path });
  await using holder = await connect(database.url);
  await using reader = await connect(database.url);
  await holder.query("BEGIN; LOCK TABLE aqueduto.one IN ACCESS SHARE MODE");
  const migrating = migrate({ url: database.url, directory: both.path, lockTimeoutMs: 50 });
  await expect.poll(async () => (await reader.query("SELECT 1 FROM pg_locks WHERE NOT granted")).rowCount, { interval: 5 }).toBe(1);
  // queued behind the waiting ALTER TABLE; answered once that gives up
  expect((await reader.query("SELECT count(*)::int AS n FROM aqueduto.one")).rows).toEqual([{ n: 0 }]);
  await holder.query("COMMIT");
  expect(await migrating).toEqual(["0002_two"]);
});

test.each([
  [{ "one.sql": "SELECT 1" }, "one.sql is not named like"],
  [{ "0001_a.sql": "SELECT 1", "0001_b.sql": "SELECT 1" }, "Two migrations have number 1"],
])("a directory with %j is refused before anything runs", async (files, message) => {
  await using directory = await migrations(files);
  await expect(migrate({ url: "postgres://nowhere.invalid/x", directory: directory.path })).rejects.toThrow(message);
});

test("a user without the needed rights is told which they are, and an unreachable server is named", async () => {
  await using database = await createEmptyDatabase();
  await using owner = await connect(database.url);
  await owner.query(`CREATE ROLE "${database.name}" LOGIN PASSWORD 'only-here'`);
  const url = new URL(database.url);
  url.username = database.name;
  url.password = "only-here";
  await expect(migrate({ url: url.href })).rejects.toThrow(/permission denied.*own the database.*CREATEROLE/);
  await owner.query(`ALTER DATABASE "${database.name}" OWNER TO "${database.name}"`);
  await expect(migrate({ url: url.href })).rejects.toThrow(/permission denied to create role.*CREATEROLE/);
  url.password = "wrong";
  const refused = await migrate({ url: url.href }).catch((error: unknown) => String(error));
  expect(refused).toMatch(/DATABASE_URL.*does not take the connection: password authentication failed/);
  expect(refused).not.toContain("wrong");
  await owner.query(`ALTER DATABASE "${database.name}" OWNER TO CURRENT_USER`);
  await owner.query(`DROP OWNED BY "${database.name}"`);
  await owner.query(`DROP ROLE "${database.name}"`);
});
