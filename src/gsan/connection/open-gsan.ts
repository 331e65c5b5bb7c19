import pg from "pg";
import type { Secret } from "../../platform/secret.ts";

/** An open, read-only pool on a GSAN database. */
export type GsanConnection = { pool: pg.Pool; close(): Promise<void> };

/** Anything that runs a query: the pool, or a client taken from it for a transaction. */
export type Queryable = Pick<pg.ClientBase, "query"> | Pick<pg.Pool, "query">;

export type GsanOptions = {
  /** postgres:// URL of the GSAN database or of a replica of it. */
  url: string | Secret;
  max: number;
  applicationName: string;
  /** The server ends a statement after this; default 10 s. A transaction may lower or raise it by SET LOCAL. */
  statementTimeoutMs?: number;
  /** A server that says nothing for so long is given up by the client (`Query read timeout`); default: never. */
  silenceTimeoutMs?: number;
  /** How long a caller waits for a connection; default 2 s. */
  connectTimeoutMs?: number;
  /** Told of an idle connection that broke; the pool replaces it by itself. */
  onIdleError?: (error: Error) => void;
};

const oid = { int8: 20, date: 1082, timestamp: 1114, numeric: 1700 } as const;

/** numeric, date and timestamp stay the text PostgreSQL sent (no float, no time zone invented); int8 becomes bigint. */
function parserFor(typeId: number, format: "text" | "binary" | undefined): (text: string) => unknown {
  if (typeId === oid.int8) return BigInt;
  if (typeId === oid.numeric || typeId === oid.date || typeId === oid.timestamp) return (text) => text;
  return pg.types.getTypeParser(typeId, format ?? "text");
}

/**
 * Session settings sent in the startup packet, so no statement ever runs without them: read-only transactions, ISO
 * dates whatever the server's DateStyle is, names resolved by schema alone.
 */
function sessionSettings(statementTimeoutMs: number): string {
  const settings = {
    default_transaction_read_only: "on",
    statement_timeout: String(statementTimeoutMs),
    idle_in_transaction_session_timeout: String(statementTimeoutMs + 60_000),
    datestyle: "ISO",
    search_path: "pg_catalog",
  };
  return Object.entries(settings)
    .map(([name, value]) => `-c ${name}=${value}`)
    .join(" ");
}

/**
 * Opens a pool on a GSAN database. Nothing connects until the first query. GSAN databases may be LATIN1: the server
 * converts to and from UTF-8 (client_encoding). GSAN is read-only for us; the role should have SELECT alone, and
 * default_transaction_read_only refuses writes even when it has more. A connection that the server ends never ends the
 * process.
 */
export function openGsan(options: GsanOptions): GsanConnection {
  const statementTimeoutMs = options.statementTimeoutMs ?? 10_000;
  const pool = new pg.Pool({
    connectionString: typeof options.url === "string" ? options.url : options.url.reveal(),
    max: options.max,
    application_name: options.applicationName,
    client_encoding: "UTF8",
    options: sessionSettings(statementTimeoutMs),
    ...(options.silenceTimeoutMs === undefined ? {} : { query_timeout: options.silenceTimeoutMs }),
    connectionTimeoutMillis: options.connectTimeoutMs ?? 2_000,
    idleTimeoutMillis: 30_000,
    keepAlive: true,
    types: { getTypeParser: parserFor },
  });
  pool.on("error", (error) => options.onIdleError?.(error));
  // the pool listens on idle connections only; one that is lost while in use would end the process
  pool.on("connect", (client) => client.on("error", () => undefined));
  return { pool, close: () => pool.end() };
}
