import { mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import { Agent } from "node:http";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { sql } from "kysely";
import { openCheckedKeyring } from "../src/db/check-keys.ts";
import { platformTx } from "../src/db/tx.ts";
import { sendJson, startUpstream } from "../src/gateway/testing/test-gateway.ts";
import { callOnce, type LoadedCall } from "../test/helpers/call-load.ts";
import { OwnStore } from "../test/helpers/own-store.ts";
import { createTenantFixture } from "../test/helpers/tenant.ts";
import { type GatewayProcess, startGatewayProcess } from "./gateway-process.ts";

const usualSeconds = 600;
const perSecond = 200;
const lanes = 8;
const beforeSeconds = 10;
const homeWithinMs = 300_000;

type Timed = LoadedCall & { took: number };
type Load = { running: boolean; calls: Timed[] };
type Figures = {
  before: Timed[];
  away: Timed[];
  after: Timed[];
  journalBytes: number;
  memory: { before: number; away: number };
  backMs: number;
  homeMs: number;
  missing: number;
};

/**
 * PostgreSQL is stopped for ten minutes while one gateway process answers 200 calls a second: whether each is answered,
 * what it costs, how long the records need to come home once the store is back, and whether any is lost.
 */
export async function drillStoreAway({ seconds = usualSeconds }: { seconds: number | undefined }): Promise<boolean> {
  const directory = await mkdtemp(join(tmpdir(), "aqueduto-drill-"));
  await using store = await OwnStore.start({});
  await using upstream = await startUpstream((_request, response) => sendJson(response, 200, '{"status":"up"}'));
  let node: GatewayProcess | undefined;
  try {
    const keysDir = join(directory, "keys");
    const token = await issue(store, keysDir, upstream.url);
    const data = join(directory, "node");
    node = await startGatewayProcess(data, { storeUrl: store.url, keysDir });
    return report(seconds, await measure({ store, node, token, seconds, journal: join(data, "journal") }));
  } finally {
    await node?.stop();
    await rm(directory, { recursive: true, force: true });
  }
}

async function issue(store: OwnStore, keysDir: string, serviceUrl: string): Promise<string> {
  await using own = store.open();
  const keyring = await openCheckedKeyring(own.db, keysDir);
  const license = { rate_per_second: 100_000, burst: 1_000_000 };
  return (await createTenantFixture(own.db, { keyring, serviceUrl, license })).token;
}

type Bed = { store: OwnStore; node: GatewayProcess; token: string; seconds: number; journal: string };

async function measure({ store, node, token, seconds, journal }: Bed): Promise<Figures> {
  const load: Load = { running: true, calls: [] };
  const running = Array.from({ length: lanes }, (_, lane) => callSteadily(lane, { gateway: node.gateway, token }, load));
  await pause(beforeSeconds * 1_000);
  const memoryBefore = await residentBytes(node.pid);
  await store.stop();
  const goneAt = performance.now();
  await pause(seconds * 1_000);
  const [journalBytes, memoryAway] = [await bytesBelow(journal), await residentBytes(node.pid)];
  const askedAt = performance.now();
  await store.startAgain();
  const backAt = performance.now();
  await pause(beforeSeconds * 1_000);
  load.running = false;
  await Promise.all(running);
  const missing = await untilHome(store, load.calls);
  const between = (from: number, to: number): Timed[] => load.calls.filter((call) => call.begun >= from && call.begun < to);
  return {
    before: between(0, goneAt),
    away: between(goneAt, askedAt),
    after: between(backAt, Number.POSITIVE_INFINITY),
    journalBytes,
    memory: { before: memoryBefore, away: memoryAway },
    backMs: backAt - askedAt,
    homeMs: performance.now() - backAt,
    missing,
  };
}

/** This lane's share of the rate, each call at its instant, over one connection. */
async function callSteadily(lane: number, of: { gateway: string; token: string }, load: Load): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const everyMs = (1_000 * lanes) / perSecond;
  for (let due = performance.now() + (everyMs * lane) / lanes; load.running; due += everyMs) {
    await pause(Math.max(0, due - performance.now()));
    const call = await callOnce({ ...of, path: "/v1/health" }, agent);
    load.calls.push({ ...call, took: performance.now() - call.begun });
  }
  agent.destroy();
}

/** Waits until every record is in the log; how many are not when the time is over. */
async function untilHome(store: OwnStore, calls: readonly Timed[]): Promise<number> {
  await using own = store.open();
  const ids = calls.map((call) => call.entry);
  const end = performance.now() + homeWithinMs;
  for (;;) {
    const { rows } = await platformTx(own.db, (tx) =>
      sql<{ n: string }>`
        SELECT count(*) AS n FROM unnest(${ids}::text[]) AS id
         WHERE NOT EXISTS (SELECT FROM aqueduto.access_entry a WHERE a.entry_id = id)`.execute(tx),
    );
    const missing = Number(rows[0]?.n);
    if (missing === 0 || performance.now() > end) return missing;
    await pause(200);
  }
}

async function bytesBelow(directory: string): Promise<number> {
  let bytes = 0;
  for (const name of await readdir(directory, { recursive: true })) bytes += (await stat(join(directory, name))).size;
  return bytes;
}

async function residentBytes(pid: number): Promise<number> {
  const kilobytes = /VmRSS:\s+(\d+) kB/.exec(await readFile(`/proc/${pid}/status`, "utf8").catch(() => ""))?.[1];
  return Number(kilobytes ?? Number.NaN) * 1024;
}

function report(seconds: number, figures: Figures): boolean {
  const { before, away, after, journalBytes, memory, backMs, homeMs, missing } = figures;
  const mebibytes = (bytes: number): string => (bytes / 2 ** 20).toFixed(1);
  console.log(`machine: ${cpus().length} x ${cpus()[0]?.model ?? "?"}, Node ${process.version}`);
  console.log(`PostgreSQL stopped for ${seconds} s, one gateway process, ${perSecond} calls/s offered`);
  for (const [name, calls] of Object.entries({ before, away, after })) console.log(lineOf(name, calls));
  console.log(
    `journal at the end ${mebibytes(journalBytes)} MiB; RSS before ${mebibytes(memory.before)}, at the end ${mebibytes(memory.away)} MiB`,
  );
  console.log(
    `PostgreSQL started in ${backMs.toFixed(0)} ms; every record home at most ${homeMs.toFixed(0)} ms after, ${beforeSeconds} s of load among them`,
  );
  console.log(`records missing: ${missing}`);
  return missing === 0 && away.length > 0 && [...away, ...after].every((call) => call.status === 200);
}

function lineOf(name: string, calls: readonly Timed[]): string {
  const sorted = calls.map((call) => call.took).toSorted((a, b) => a - b);
  const at = (share: number): string => (sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN).toFixed(1);
  const refused = calls.filter((call) => call.status !== 200).length;
  return `${name.padEnd(6)} ${calls.length} calls, not 200: ${refused}; ms p50 ${at(0.5)}, p99 ${at(0.99)}, max ${at(1)}`;
}
