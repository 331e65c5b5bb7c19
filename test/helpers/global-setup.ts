import { existsSync } from "node:fs";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import type { TestProject } from "vitest/node";
import { acquireDataLock } from "../../src/db/data-lock.ts";
import { type EmbeddedServer, startEmbeddedServer, stopAbandonedServer } from "../../src/db/embedded-server.ts";
import { migrate } from "../../src/db/migrate.ts";

declare module "vitest" {
  export interface ProvidedContext {
    databaseServer: { url: string; template: string };
  }
}

const prefix = "aqueduto-test-";
const template = "aqueduto_template";
// tests lose nothing in a power cut
const settings = { fsync: "off", full_page_writes: "off", synchronous_commit: "off", max_connections: "400" };

type Shared = { users: number; ready: Promise<{ url: string; stop: () => Promise<void> }> };

declare global {
  // each project loads this file anew; what they share is the process
  var aquedutoTestServer: Shared | undefined;
}

/** One server per run, however many projects set themselves up. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const shared = sharedServer();
  shared.users += 1;
  const { url, stop } = await shared.ready;
  project.provide("databaseServer", { url, template });
  return async () => {
    shared.users -= 1;
    if (shared.users === 0) await stop();
  };
}

function sharedServer(): Shared {
  globalThis.aquedutoTestServer ??= { users: 0, ready: start() };
  return globalThis.aquedutoTestServer;
}

async function start(): Promise<{ url: string; stop: () => Promise<void> }> {
  await removeAbandoned();
  const directory = await mkdtemp(join(tmpdir(), prefix));
  const lock = await acquireDataLock(directory);
  const server = await startEmbeddedServer({ lock, settings });
  await makeTemplate(server);
  return {
    url: server.url,
    stop: async () => {
      await server.stop();
      await lock.release();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

async function makeTemplate(server: EmbeddedServer): Promise<void> {
  const client = new pg.Client({ connectionString: server.url });
  await client.connect();
  await client.query(`CREATE DATABASE ${template}`);
  await client.end();
  await migrate({ url: server.urlOf(template) });
}

/** A run that was killed leaves its server and its directory; the next run ends both. */
async function removeAbandoned(): Promise<void> {
  const directories = (await readdir(tmpdir())).filter((name) => name.startsWith(prefix)).map((name) => join(tmpdir(), name));
  // a directory without a lock belongs to a run that is just beginning or ending
  const locked = directories.filter((directory) => existsSync(join(directory, "platform.lock")));
  await Promise.all(locked.map(removeIfAbandoned));
}

async function removeIfAbandoned(directory: string): Promise<void> {
  try {
    const lock = await acquireDataLock(directory);
    await stopAbandonedServer(lock);
    await rm(directory, { recursive: true, force: true });
  } catch {
    // in use by a running run, or another user's
  }
}
