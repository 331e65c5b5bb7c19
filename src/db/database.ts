import { Kysely, PostgresDialect, type Transaction } from "kysely";
import pg from "pg";
import { parserOf } from "./column-parsers.ts";
import type { DB } from "./types.generated.ts";

export type Db = Kysely<DB>;
export type Tx = Transaction<DB>;

export type DatabaseOptions = {
  url: string;
  /** Connections at most. */
  max: number;
  /** What pg_stat_activity shows. */
  applicationName: string;
  /** Told of a connection that the server ended; the pool replaces it by itself. */
  onConnectionLost?: (error: Error) => void;
};

export type Database = { db: Db; pool: pg.Pool; close: () => Promise<void> };

// a transaction that a stuck process forgot must not hold its locks for ever
const idleInTransactionMs = 60_000;

/**
 * Opens a pool that works as role aqueduto_app with search path aqueduto: it can neither change the schema nor see a
 * tenant's row outside `tenantTx` and `platformTx`. bigint comes as bigint; numeric, date and timestamp without zone
 * as text; timestamptz as Date. A connection that the server ends never ends the process.
 */
export function openDatabase(options: DatabaseOptions): Database {
  const onConnectionLost = options.onConnectionLost ?? (() => undefined);
  const pool = new pg.Pool({
    connectionString: withSessionOptions(options.url),
    max: options.max,
    application_name: options.applicationName,
    idle_in_transaction_session_timeout: idleInTransactionMs,
    connectionTimeoutMillis: 10_000,
    keepAlive: true,
    types: { getTypeParser: parserOf },
  });
  pool.on("error", onConnectionLost);
  // the pool listens on idle connections only; one that is lost while in use would end the process
  pool.on("connect", (client) => client.on("error", () => undefined));
  const db = new Kysely<DB>({ dialect: new PostgresDialect({ pool }) });
  return { db, pool, close: () => db.destroy() };
}

/** The URL with role and search path as start options of the session, after what the operator's own options say. */
function withSessionOptions(url: string): string {
  const [base, query] = url.split("?", 2);
  const parameters = new URLSearchParams(query ?? "");
  const own = parameters.get("options");
  parameters.set("options", `${own === null ? "" : `${own} `}-c role=aqueduto_app -c search_path=aqueduto,pg_catalog`);
  return `${base}?${parameters.toString().replaceAll("+", "%20")}`;
}
