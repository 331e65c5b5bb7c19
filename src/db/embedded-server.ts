import { readFile } from "node:fs/promises";
import { join } from "node:path";
import pg from "pg";
import { freePort, isPortFree } from "../platform/free-port.ts";
import { writePrivateFile } from "../platform/write-private-file.ts";
import type { DataLock } from "./data-lock.ts";
import type { Binaries } from "./embedded/binaries.ts";
import { createCluster, hasCluster, platformName, readPassword } from "./embedded/cluster.ts";
import { clearLeftovers } from "./embedded/leftovers.ts";
import { leavePlace, type Place, placeNames, preparePlace } from "./embedded/place.ts";
import { type Postmaster, type ServerExit, startPostmaster } from "./embedded/postmaster.ts";
import { EmbeddedServerError } from "./embedded/server-error.ts";
import { makeSocketDirectory, removeSocketDirectory } from "./embedded/sockets.ts";
import { supervise } from "./embedded/supervise.ts";

export type EmbeddedServerOptions = {
  /** Proof that no other platform works in the directory; the server lives in `<directory>/pg`. */
  lock: DataLock;
  /** Called with a short line per step, for the first start. */
  progress?: (step: string) => void;
  /** The server ended without being asked; it is started again by itself. */
  onExit?: (exit: ServerExit) => void;
  /** The server takes connections again after such an end. */
  onRestart?: () => void;
  /** It could not be started again; the next try follows. */
  onRestartFailed?: (error: unknown) => void;
  /** Another installation of PostgreSQL than the one that npm brought. */
  binaries?: Binaries;
  /** Settings of PostgreSQL on top of ours. Tests turn fsync off; the product never does. */
  settings?: Record<string, string>;
};

export type EmbeddedServer = {
  /** Superuser, the platform's own database. Holds the password: never print it. */
  url: string;
  urlOf: (database: string) => string;
  /** As `urlOf`, over the unix socket. */
  socketUrlOf: (database: string) => string;
  host: string;
  port: number;
  socketDirectory: string;
  /** Of the postmaster; undefined while it is being restarted. */
  pid: () => number | undefined;
  /** Fast shutdown, at once after the deadline (default 8 s). The server has ended when this returns. */
  stop: (deadlineMs?: number) => Promise<void>;
} & AsyncDisposable;

/**
 * The platform's own PostgreSQL in the data directory: made on the first start, stopped first when an earlier start
 * left it running, started again when it dies. Throws EmbeddedServerError when it cannot.
 */
export async function startEmbeddedServer(options: EmbeddedServerOptions): Promise<EmbeddedServer> {
  const progress = options.progress ?? ignore;
  const place = await preparePlace(options.lock.directory, options.binaries);
  const earlier = await readRunFile(place.home);
  if (await hasCluster(place)) {
    await clearLeftovers(place.cluster, progress);
  } else {
    progress("creating the database cluster (PostgreSQL 18, once)");
    await createCluster(place, options.settings?.["fsync"] !== "off");
  }
  if (earlier !== undefined) await removeSocketDirectory(earlier.socket_directory);
  const password = await readPassword(place);
  progress("starting PostgreSQL");
  const { run, first } = await startFirst(place, earlier?.port, options.settings ?? {});
  const { onExit = ignore, onRestart = ignore, onRestartFailed = ignore } = options;
  const supervisor = supervise(first, () => restart(place, run), { onExit, onRestart, onRestartFailed });
  const server = describe(place, run, password, supervisor);
  try {
    await ensureDatabase(server.urlOf("postgres"));
    await writePrivateFile(
      runPath(place.home),
      `${JSON.stringify({ port: run.port, socket_directory: run.socketDirectory, pid: first.pid })}\n`,
    );
  } catch (error) {
    await server.stop();
    throw error;
  }
  return server;
}

const portTries = 3;

/** Another program may take the port between the choice and the server's bind: then another port is chosen. */
async function startFirst(
  place: Place,
  earlierPort: number | undefined,
  settings: Record<string, string>,
): Promise<{ run: Run; first: Postmaster }> {
  const socketDirectory = await makeSocketDirectory(place);
  for (let tries = 1; ; tries += 1) {
    const run = { port: await choosePort(tries === 1 ? earlierPort : undefined), socketDirectory, settings };
    try {
      return { run, first: await startPostmaster(place, run) };
    } catch (error) {
      if (tries < portTries && error instanceof EmbeddedServerError && error.message.includes("could not create any TCP/IP sockets"))
        continue;
      await removeSocketDirectory(socketDirectory);
      throw error;
    }
  }
}

/** Stops a server that an earlier process left running in this directory; starts and makes nothing. */
export async function stopAbandonedServer(lock: DataLock): Promise<void> {
  const { home, cluster } = placeNames(lock.directory);
  const earlier = await readRunFile(home);
  await clearLeftovers(cluster, ignore);
  if (earlier !== undefined) await removeSocketDirectory(earlier.socket_directory);
}

function describe(place: Place, run: Run, password: string, supervisor: ReturnType<typeof supervise>): EmbeddedServer {
  const login = `${platformName}:${encodeURIComponent(password)}`;
  const urlOf = (database: string) => `postgres://${login}@127.0.0.1:${run.port}/${encodeURIComponent(database)}`;
  async function stop(deadlineMs = 8_000): Promise<void> {
    await supervisor.stop(deadlineMs);
    await removeSocketDirectory(run.socketDirectory);
    leavePlace(place);
  }
  return {
    url: urlOf(platformName),
    urlOf,
    socketUrlOf: (database) =>
      `postgres://${login}@localhost:${run.port}/${encodeURIComponent(database)}?host=${encodeURIComponent(run.socketDirectory)}`,
    host: "127.0.0.1",
    port: run.port,
    socketDirectory: run.socketDirectory,
    pid: supervisor.pid,
    stop,
    [Symbol.asyncDispose]: () => stop(),
  };
}

type Run = { port: number; socketDirectory: string; settings: Record<string, string> };

async function restart(place: Place, run: Run): Promise<Postmaster> {
  // backends of a postmaster that was killed may still be ending
  await clearLeftovers(place.cluster, ignore);
  return startPostmaster(place, run);
}

/** The port of the last start where it is free, so that tools keep their settings. */
async function choosePort(earlier: number | undefined): Promise<number> {
  return earlier !== undefined && (await isPortFree(earlier)) ? earlier : freePort();
}

async function ensureDatabase(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url, application_name: "aqueduto-start" });
  await client.connect();
  try {
    const found = await client.query("SELECT 1 FROM pg_database WHERE datname = $1", [platformName]);
    if (found.rowCount === 0) await client.query(`CREATE DATABASE ${platformName}`);
    // by default any role of the server may connect, the demo base's reader too
    await client.query(`REVOKE CONNECT ON DATABASE ${platformName} FROM PUBLIC`);
  } finally {
    await client.end();
  }
}

function runPath(home: string): string {
  return join(home, "run.json");
}

async function readRunFile(home: string): Promise<{ port: number; socket_directory: string } | undefined> {
  try {
    const value: unknown = JSON.parse(await readFile(runPath(home), "utf8"));
    if (typeof value !== "object" || value === null || !("port" in value) || !("socket_directory" in value)) return undefined;
    const { port, socket_directory } = value;
    return typeof port === "number" && typeof socket_directory === "string" ? { port, socket_directory } : undefined;
  } catch {
    return undefined;
  }
}

function ignore(): void {
  // no listener was given
}
