import { fileURLToPath } from "node:url";
import { setTimeout as pause } from "node:timers/promises";
import pg from "pg";
import { errorCode } from "../platform/error-code.ts";
import { type Migration, readMigrations } from "./migration-files.ts";

/** The schema and this release do not fit together; nothing was changed. The message says what to do. */
export class MigrationError extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = "MigrationError";
  }
}

export type MigrateOptions = {
  /** A role that may create schemas and roles. */
  url: string;
  /** Default: the migrations of this release. */
  directory?: string;
  /** Called with the name of each migration before it runs. */
  progress?: (name: string) => void;
  /** How long one statement waits for a lock before the migration is tried again. */
  lockTimeoutMs?: number;
};

// any number that nothing else in this database locks
const migratorLock = 0x4171_6475;
const lockTries = 60;
const smallestServer = 150_000;

/**
 * Brings schema aqueduto to this release: one migrator at a time (advisory lock), each migration in one transaction
 * together with its row in aqueduto.migration. Lock timeouts are tried again. Returns the names it applied.
 * Throws MigrationError when the schema is newer than this release or an applied migration was edited since.
 */
export async function migrate(options: MigrateOptions): Promise<string[]> {
  const migrations = await readMigrations(options.directory ?? fileURLToPath(new URL("migrations", import.meta.url)));
  const client = new pg.Client({ connectionString: options.url, application_name: "aqueduto-migrate" });
  client.on("error", () => undefined);
  await connected(client);
  try {
    await refuseOldServer(client);
    await client.query("SELECT set_config('lock_timeout', $1, false)", [String(options.lockTimeoutMs ?? 2_000)]);
    await retried(() => client.query("SELECT pg_advisory_lock($1)", [migratorLock]));
    return await applyMissing(client, migrations, options.progress ?? (() => undefined));
  } catch (error) {
    throw errorCode(rootOf(error)) === notPermitted ? lacksRights(error) : error;
  } finally {
    await client.end();
  }
}

async function connected(client: pg.Client): Promise<void> {
  try {
    await client.connect();
  } catch (error) {
    throw new MigrationError(
      `PostgreSQL at ${client.host}:${client.port} (DATABASE_URL) does not take the connection: ${messageOf(error)}`,
      error,
    );
  }
}

const notPermitted = "42501";

function lacksRights(error: unknown): MigrationError {
  return new MigrationError(
    `${messageOf(error)}. The user of DATABASE_URL must own the database and be allowed to create roles (CREATEROLE).`,
    error,
  );
}

function rootOf(error: unknown): unknown {
  return error instanceof MigrationError && error.cause !== undefined ? error.cause : error;
}

function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // several addresses tried, none answered: the message is empty
  return error.message === "" ? (errorCode(error) ?? error.name) : error.message;
}

async function refuseOldServer(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ number: string; name: string }>(
    "SELECT current_setting('server_version_num') AS number, current_setting('server_version') AS name",
  );
  const [row] = rows;
  if (row !== undefined && Number(row.number) >= smallestServer) return;
  throw new MigrationError(`PostgreSQL ${row?.name ?? "?"} is too old: version 15 or newer is needed.`);
}

async function applyMissing(client: pg.Client, migrations: Migration[], progress: (name: string) => void): Promise<string[]> {
  await retried(() => client.query(historyTable));
  const { rows } = await client.query<{ number: number; name: string; checksum: string }>(
    "SELECT number, name, checksum FROM aqueduto.migration ORDER BY number",
  );
  checkHistory(rows, migrations);
  const last = rows.at(-1)?.number ?? 0;
  const missing = migrations.filter((migration) => migration.number > last);
  for (const migration of missing) {
    progress(migration.name);
    await apply(client, migration);
  }
  return missing.map((migration) => migration.name);
}

const historyTable = `
  CREATE SCHEMA IF NOT EXISTS aqueduto;
  CREATE TABLE IF NOT EXISTS aqueduto.migration (
    number     integer PRIMARY KEY,
    name       text NOT NULL,
    checksum   text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
  )`;

function checkHistory(applied: { number: number; name: string; checksum: string }[], known: Migration[]): void {
  const newest = known.at(-1)?.number ?? 0;
  for (const row of applied) {
    const migration = known.find((candidate) => candidate.number === row.number);
    if (row.number > newest) {
      throw new MigrationError(
        `The database is at migration ${row.name}, and this release knows them up to ${newest}. A newer release has used this database: start that release or a newer one.`,
      );
    }
    if (migration === undefined) throw new MigrationError(`The database has migration ${row.name}, which this release does not know.`);
    if (migration.checksum !== row.checksum) {
      throw new MigrationError(
        `Migration ${migration.name} differs from the one that was applied to this database (as ${row.name}). Applied migrations are never edited; bring the file back and add a new one.`,
      );
    }
  }
}

async function apply(client: pg.Client, migration: Migration): Promise<void> {
  try {
    await retried(() => inTransaction(client, migration));
  } catch (error) {
    throw new MigrationError(`Migration ${migration.name} failed and was rolled back: ${messageOf(error)}`, error);
  }
}

async function inTransaction(client: pg.Client, migration: Migration): Promise<void> {
  await client.query("BEGIN");
  try {
    await client.query(migration.sql);
    await client.query("INSERT INTO aqueduto.migration (number, name, checksum) VALUES ($1, $2, $3)", [
      migration.number,
      migration.name,
      migration.checksum,
    ]);
    await client.query("COMMIT");
  } catch (error) {
    await client.query("ROLLBACK").catch(() => undefined);
    throw error;
  }
}

async function retried<T>(work: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await work();
    } catch (error) {
      if (tries >= lockTries || !isPassing(error)) throw error;
      await pause(50 + Math.random() * 200);
    }
  }
}

/** Lock timeout, deadlock, or a clash with another database's migrator over the cluster's common roles. */
function isPassing(error: unknown): boolean {
  const code = errorCode(error);
  if (code === "55P03" || code === "40P01" || code === "40001") return true;
  if (code === "XX000") return error instanceof Error && error.message.includes("tuple concurrently");
  return code === "23505" && error instanceof pg.DatabaseError && error.schema === "pg_catalog";
}
