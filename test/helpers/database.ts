import { randomBytes } from "node:crypto";
import pg from "pg";
import { inject } from "vitest";
import { type Db, openDatabase } from "../../src/db/database.ts";

export type TestDatabase = { url: string; ownerUrl: string; name: string; db: Db; pool: pg.Pool } & AsyncDisposable;

/**
 * A migrated database of its own, cloned from the run's template; dropped on dispose whoever is still connected.
 * `db` and `pool` work as aqueduto_app; `ownerUrl` is the superuser's (`url` too, for what opens its own pool).
 */
export async function createTestDatabase(): Promise<TestDatabase> {
  const { url, name, drop } = await create(inject("databaseServer").template);
  const { db, pool, close } = openDatabase({ url, max: 10, applicationName: "aqueduto-test" });
  async function dispose(): Promise<void> {
    await close();
    await drop();
  }
  return { url, ownerUrl: url, name, db, pool, [Symbol.asyncDispose]: dispose };
}

/** An empty database (superuser URL), for another system's base such as GSAN. */
export async function createEmptyDatabase(): Promise<{ url: string; name: string } & AsyncDisposable> {
  const { url, name, drop } = await create("template0");
  return { url, name, [Symbol.asyncDispose]: drop };
}

async function create(template: string): Promise<{ url: string; name: string; drop: () => Promise<void> }> {
  const name = `test_${process.pid}_${randomBytes(6).toString("hex")}`;
  const url = new URL(inject("databaseServer").url);
  await onServer(`CREATE DATABASE ${name} TEMPLATE ${template}`);
  url.pathname = `/${name}`;
  return { url: url.href, name, drop: () => onServer(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`) };
}

async function onServer(statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: inject("databaseServer").url, application_name: "aqueduto-test-admin" });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
