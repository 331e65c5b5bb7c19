import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, chown, cp, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import pg from "pg";
import { describe, expect, test, vi } from "vitest";
import { processStamp } from "../platform/process-stamp.ts";
import { acquireDataLock } from "./data-lock.ts";
import { locateBinaries } from "./embedded/binaries.ts";
import { canSearch } from "./embedded/owner.ts";
import { type EmbeddedServer, type EmbeddedServerOptions, startEmbeddedServer, stopAbandonedServer } from "./embedded-server.ts";

const isRoot = process.getuid?.() === 0;
const fast = { fsync: "off" };
// each test makes a cluster of its own
vi.setConfig({ testTimeout: 120_000 });

async function temporaryDirectory(mode = 0o755): Promise<{ path: string } & AsyncDisposable> {
  const path = await mkdtemp(join(tmpdir(), "aqueduto-server-"));
  await chmod(path, mode);
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

/** A server that owns its lock; both end on dispose. */
async function start(directory: string, options: Partial<EmbeddedServerOptions> = {}): Promise<EmbeddedServer> {
  const lock = await acquireDataLock(directory);
  try {
    const server = await startEmbeddedServer({ lock, settings: fast, ...options });
    const stop = async (deadlineMs?: number): Promise<void> => {
      await server.stop(deadlineMs);
      await lock.release();
    };
    return { ...server, stop, [Symbol.asyncDispose]: () => stop() };
  } catch (error) {
    await lock.release();
    throw error;
  }
}

async function query(url: string, text: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  client.on("error", () => undefined);
  await client.connect();
  try {
    return (await client.query({ text, rowMode: "array" })).rows.flat();
  } finally {
    await client.end();
  }
}

async function mode(path: string): Promise<string> {
  return ((await stat(path)).mode & 0o777).toString(8);
}

test("the first start makes the cluster and says so; the next start goes on with the same data and port", async () => {
  await using directory = await temporaryDirectory();
  const steps: string[] = [];
  const first = await start(directory.path, { progress: (step) => steps.push(step) });
  await query(first.url, "CREATE TABLE kept AS SELECT 7 AS n");
  await first.stop();
  expect(steps).toEqual([expect.stringContaining("creating the database cluster"), "starting PostgreSQL"]);
  expect(processStamp(first.pid() ?? 0)).toBeUndefined();

  await using second = await start(directory.path);
  expect(await query(second.url, "SELECT n FROM kept")).toEqual([7]);
  expect(second.port).toBe(first.port);
});

test("the server speaks to a password alone, by scram, over TCP and socket, and only to this machine", async () => {
  await using directory = await temporaryDirectory();
  await using server = await start(directory.path);
  expect(await query(server.socketUrlOf("aqueduto"), "SELECT current_user::text")).toEqual(["aqueduto"]);
  expect(await query(server.url, "SELECT DISTINCT auth_method FROM pg_hba_file_rules")).toEqual(["scram-sha-256"]);
  const wanted = {
    listen_addresses: "127.0.0.1",
    wal_level: "logical",
    server_encoding: "UTF8",
    data_checksums: "on",
    password_encryption: "scram-sha-256",
    log_error_verbosity: "terse",
  };
  const names = Object.keys(wanted).map((name) => `current_setting('${name}')`);
  expect(await query(server.url, `SELECT ${names.join(", ")}`)).toEqual(Object.values(wanted));
  for (const url of [server.url, server.socketUrlOf("aqueduto")]) {
    await expect(query(url.replace(/:[^:@]+@/, ":wrong@"), "SELECT 1")).rejects.toThrow("password authentication failed");
  }
  expect(await mode(join(directory.path, "pg", "superuser-password"))).toBe("600");
  expect(await mode(join(directory.path, "pg", "server"))).toBe("700");
});

test("the product's server writes through to the disk", async () => {
  await using directory = await temporaryDirectory();
  await using server = await start(directory.path, { settings: {} });
  expect(
    await query(server.url, "SELECT current_setting('fsync'), current_setting('full_page_writes'), current_setting('synchronous_commit')"),
  ).toEqual(["on", "on", "on"]);
});

describe.skipIf(!isRoot)("started by root (skipped: this run has no root to drop from)", () => {
  test("a root-owned 0700 data directory becomes searchable and nothing more", async () => {
    await using directory = await temporaryDirectory();
    const data = join(directory.path, "data");
    await mkdir(data, { mode: 0o700 });
    await using server = await start(data);
    const owner = (await stat(join(data, "pg", "server"))).uid;
    expect(owner).toBe(65_534);
    expect(await mode(data)).toBe("711");
    expect(await mode(directory.path)).toBe("755");
    expect(await query(server.url, "SELECT current_setting('data_directory')")).toEqual([join(data, "pg", "server", "cluster")]);
  });

  test("a clone and data below a 0700 home start, keep their data, and leave the home closed", async () => {
    await using home = await temporaryDirectory(0o700);
    const found = await locateBinaries();
    const binaries = { ...found, directory: join(home.path, "native"), version: `${found.version}-test.${process.pid}` };
    await cp(found.directory, binaries.directory, { recursive: true, verbatimSymlinks: true });
    const data = join(home.path, "data");
    try {
      const first = await start(data, { binaries });
      await query(first.url, "CREATE TABLE kept AS SELECT 8 AS n");
      process.kill(first.pid() ?? 0, "SIGKILL");
      await first.stop();
      await using second = await start(data, { binaries });
      expect(await query(second.socketUrlOf("aqueduto"), "SELECT n FROM kept")).toEqual([8]);
      expect(await mode(home.path)).toBe("700");
    } finally {
      for (const place of ["/var/cache/aqueduto", join(tmpdir(), "aqueduto-cache")]) {
        await rm(join(place, `postgresql-${binaries.version}-${process.platform}-${process.arch}`), { recursive: true, force: true });
      }
    }
  });

  test("binaries that the server's user cannot read are copied into the data directory once", async () => {
    await using directory = await temporaryDirectory();
    await using home = await temporaryDirectory(0o700);
    const found = await locateBinaries();
    const binaries = { ...found, directory: join(home.path, "native") };
    await cp(found.directory, binaries.directory, { recursive: true, verbatimSymlinks: true });
    await (await start(directory.path, { binaries })).stop();
    const copy = join(directory.path, "pg", `postgresql-${found.version}-${process.platform}-${process.arch}`, "complete");
    const made = (await stat(copy)).mtimeMs;
    await using server = await start(directory.path, { binaries });
    expect(await query(server.url, "SELECT 1")).toEqual([1]);
    expect((await stat(copy)).mtimeMs).toBe(made);
  });

  test("a normal user's cluster goes on under that user when root starts it", async (context) => {
    // daemon: a user that every system has
    const user = { uid: 1, gid: 1 };
    const isOpen = (await canSearch(here("."), user)) && (await canSearch(dirname(process.execPath), user));
    context.skip(!isOpen, "this clone is closed to other users, so none can start the platform from it");
    await using directory = await temporaryDirectory();
    await expect(platform(directory.path, user).line()).rejects.toThrow("cannot be written by this user");
    await chown(directory.path, user.uid, user.gid);
    const own = platform(directory.path, user);
    await own.line();
    own.process.kill("SIGTERM");
    await once(own.process, "exit");
    await using server = await start(directory.path);
    expect((await stat(`/proc/${server.pid()}`)).uid).toBe(user.uid);
  });
});

test("a path too long for a socket gets a short one elsewhere, gone after the stop", async () => {
  await using directory = await temporaryDirectory();
  const server = await start(join(directory.path, "d".repeat(90)));
  expect(Buffer.byteLength(join(server.socketDirectory, ".s.PGSQL.65535"))).toBeLessThanOrEqual(107);
  expect(await query(server.socketUrlOf("aqueduto"), "SELECT 1")).toEqual([1]);
  await server.stop();
  await expect(stat(server.socketDirectory)).rejects.toThrow("ENOENT");
});

test("a server that was killed is reported, started again on the same port, and has lost no commit", async () => {
  await using directory = await temporaryDirectory();
  const exits: unknown[] = [];
  const restarted = Promise.withResolvers<void>();
  await using server = await start(directory.path, { settings: {}, onExit: (exit) => exits.push(exit), onRestart: restarted.resolve });
  await query(server.url, "CREATE TABLE kept AS SELECT 9 AS n");
  process.kill(server.pid() ?? 0, "SIGKILL");
  await restarted.promise;
  expect(exits).toEqual([{ code: null, signal: "SIGKILL" }]);
  expect(await query(server.url, "SELECT n FROM kept")).toEqual([9]);
});

test("a stop in the middle of a restart leaves no server behind", async () => {
  await using directory = await temporaryDirectory();
  const ended = Promise.withResolvers<void>();
  const server = await start(directory.path, { onExit: () => ended.resolve() });
  process.kill(server.pid() ?? 0, "SIGKILL");
  await ended.promise;
  await server.stop();
  await expect(query(server.url, "SELECT 1")).rejects.toThrow("ECONNREFUSED");
});

test("a server left by a platform that was killed is stopped by the next start, which goes on with its data", async () => {
  await using directory = await temporaryDirectory();
  const child = platform(directory.path);
  const { url, pid } = await child.line();
  await query(url, "CREATE TABLE kept AS SELECT 10 AS n");
  child.process.kill("SIGKILL");
  await once(child.process, "exit");
  expect(processStamp(pid)).toBeDefined();
  const steps: string[] = [];
  await using server = await start(directory.path, { progress: (step) => steps.push(step) });
  expect(steps[0]).toContain("an earlier start left running");
  expect(processStamp(pid)).toBeUndefined();
  expect(await query(server.url, "SELECT n FROM kept")).toEqual([10]);
});

test("a server left behind can be stopped without starting another, and a directory that never had one stays empty", async () => {
  await using directory = await temporaryDirectory();
  await using empty = await temporaryDirectory();
  const child = platform(directory.path);
  const { pid } = await child.line();
  child.process.kill("SIGKILL");
  await once(child.process, "exit");
  for (const { path } of [directory, empty]) {
    await using lock = await acquireDataLock(path);
    await stopAbandonedServer(lock);
  }
  expect(processStamp(pid)).toBeUndefined();
  expect(await readdir(empty.path)).toEqual([]);
});

test("a platform that ends without stopping its server takes it along", async () => {
  await using directory = await temporaryDirectory();
  const child = platform(directory.path);
  const { pid } = await child.line();
  child.process.kill("SIGUSR2");
  await once(child.process, "exit");
  await expect.poll(() => processStamp(pid), { timeout: 10_000 }).toBeUndefined();
});

test("a stale lock file whose pid another program has now does not stop the start, nor that program", async () => {
  await using directory = await temporaryDirectory();
  await (await start(directory.path)).stop();
  const other = spawn("sleep", ["60"], isRoot ? { uid: 65_534, gid: 65_534, stdio: "ignore" } : { stdio: "ignore" });
  await once(other, "spawn");
  try {
    await writeFile(
      join(directory.path, "pg", "server", "cluster", "postmaster.pid"),
      `${other.pid}\n${directory.path}\n1\n5432\n\n127.0.0.1\n0 0\nready   \n`,
    );
    await using server = await start(directory.path);
    expect(await query(server.url, "SELECT 1")).toEqual([1]);
    expect(processStamp(other.pid ?? 0)).toBeDefined();
  } finally {
    other.kill("SIGKILL");
  }
});

test("a data directory of another major version is refused by name and left as it is", async () => {
  await using directory = await temporaryDirectory();
  await (await start(directory.path)).stop();
  const path = join(directory.path, "pg", "server", "cluster", "PG_VERSION");
  await writeFile(path, "17\n");
  await expect(start(directory.path)).rejects.toThrow(/was made by PostgreSQL 17, and this release brings PostgreSQL 18/);
  expect(await readFile(path, "utf8")).toBe("17\n");
});

test("a first start that was cut off in the middle is done anew", async () => {
  await using directory = await temporaryDirectory();
  await mkdir(join(directory.path, "pg", "server", "cluster.draft", "base"), { recursive: true });
  await writeFile(join(directory.path, "pg", "server", "cluster.draft", "PG_VERSION"), "18\n");
  await using server = await start(directory.path);
  expect(await query(server.url, "SELECT 1")).toEqual([1]);
});

test("a lost password file is named, and no other cluster is made", async () => {
  await using directory = await temporaryDirectory();
  await (await start(directory.path)).stop();
  await rm(join(directory.path, "pg", "superuser-password"));
  await expect(start(directory.path)).rejects.toThrow("superuser-password");
});

type Platform = { process: ChildProcess; line(): Promise<{ url: string; pid: number }> };

/** A process of its own that starts a server in the directory and says where it is. */
function platform(directory: string, user: { uid?: number; gid?: number } = {}): Platform {
  const source = `
    const { acquireDataLock } = await import(${JSON.stringify(here("data-lock.ts"))});
    const { startEmbeddedServer, stopAbandonedServer } = await import(${JSON.stringify(here("embedded-server.ts"))});
    const lock = await acquireDataLock(${JSON.stringify(directory)});
    const server = await startEmbeddedServer({ lock, settings: { fsync: "off" } });
    process.on("SIGTERM", () => void server.stop().then(() => lock.release()));
    process.on("SIGUSR2", () => process.exit(3));
    console.log(JSON.stringify({ url: server.url, pid: server.pid() }));`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", source], { stdio: ["ignore", "pipe", "pipe"], cwd: "/", ...user });
  const output = { text: "", errors: "" };
  child.stdout.on("data", (part: Buffer) => (output.text += part.toString()));
  child.stderr.on("data", (part: Buffer) => (output.errors += part.toString()));
  const said = Promise.withResolvers<{ url: string; pid: number }>();
  said.promise.catch(() => undefined);
  child.stdout.on("data", () => {
    if (!output.text.includes("\n")) return;
    const line: { url: string; pid: number } = JSON.parse(output.text);
    said.resolve(line);
  });
  child.once("close", () => said.reject(new Error(output.errors)));
  return { process: child, line: () => said.promise };
}

function here(name: string): string {
  return fileURLToPath(new URL(name, import.meta.url));
}
