import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { setTimeout as pause } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { sql } from "kysely";
import { listTokens } from "../src/control/token/list.ts";
import { regenerateToken } from "../src/control/token/regenerate.ts";
import { acquireDataLock } from "../src/db/data-lock.ts";
import { type Db, openDatabase } from "../src/db/database.ts";
import { startEmbeddedServer } from "../src/db/embedded-server.ts";
import { migrate } from "../src/db/migrate.ts";
import { platformTx } from "../src/db/tx.ts";
import { createContractCache } from "../src/gateway/policy/contract-cache.ts";
import { createPolicyKeeper, type PolicySink } from "../src/gateway/policy-keeper.ts";
import { loadPolicy } from "../src/gateway/snapshot-loader.ts";
import { createLog } from "../src/platform/log.ts";
import { createTenantFixture, type TenantFixture, testKeyring } from "../test/helpers/tenant.ts";
import { fillPolicy } from "./control-fill.ts";
import { atMost, percentile, type Verdict } from "./verdict.ts";

const keyring = testKeyring();
const listed = { licenses: 1_000, accesses: 20_000, tokens: 100_000 };
/** Half a million accesses, each with a live and a retiring token: the most that a million tokens can need. */
const held = { licenses: 10_000, accesses: 500_000, tokens: 1_000_000 };

/** The control plane at size: lists by cursor, and the gateway's snapshot of everything. */
export async function benchControl(): Promise<Verdict[]> {
  const directory = await mkdtemp(join(tmpdir(), "aqueduto-bench-"));
  try {
    await using lock = await acquireDataLock(directory);
    await using server = await startEmbeddedServer({ lock, settings: { fsync: "off", full_page_writes: "off" } });
    await migrate({ url: server.url });
    const database = openDatabase({ url: server.url, max: 4, applicationName: "aqueduto-bench" });
    try {
      const lists = await benchList(database.db, server.url);
      return [...lists, ...(await benchSnapshot(database.db, server.url))];
    } finally {
      await database.close();
    }
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function benchList(db: Db, url: string): Promise<Verdict[]> {
  const fixture = await createTenantFixture(db, { keyring });
  await fillPolicy(url, { ...fixture, ...listed });
  await platformTx(db, (tx) =>
    sql`INSERT INTO token_use (tenant_id, token_id, operation_id, calls, first_at, last_at, last_status, entry_id)
        SELECT tenant_id, token_id, 'getHealth', 1, now(), now(), 200, 'aud_x' FROM token WHERE tenant_id = ${fixture.tenantId} AND state = 'live'`.execute(
      tx,
    ),
  );
  const pages: number[] = [];
  let seen = 0;
  let cursor: string | undefined;
  do {
    const begun = performance.now();
    const page = await listTokens(fixture.ctx, { limit: 200, ...(cursor === undefined ? {} : { cursor }) });
    pages.push(performance.now() - begun);
    seen += page.items.length;
    cursor = page.next ?? undefined;
  } while (cursor !== undefined);
  pages.sort((a, b) => a - b);
  const p95 = percentile(pages, 0.95);
  console.log(
    `list of ${seen} tokens, 200 a page: p50 ${percentile(pages, 0.5).toFixed(1)} ms, p95 ${p95.toFixed(1)} ms, max ${pages.at(-1)?.toFixed(1)} ms`,
  );
  if (seen < listed.tokens) throw new Error("the list did not show every token");
  return [atMost("GOAL", "token-list-page-p95", { value: p95, limit: 50, unit: "ms" })];
}

async function benchSnapshot(db: Db, url: string): Promise<Verdict[]> {
  const fixture = await createTenantFixture(db, { keyring });
  await fillPolicy(url, { ...fixture, ...held });
  const watch = watchBuild(db);
  await watchLoop(() => pause(3_000)).then((idle) => tell("nothing at all (what the machine itself does to a loop)", idle));
  const before = memoryMb();
  const first = await watchLoop(() => watch.keeper.refresh());
  const after = memoryMb();
  const snapshot = watch.keeper.current();
  if (snapshot === undefined || snapshot.tokens.size < held.tokens) throw new Error("the snapshot does not hold every token");
  const build = watch.build();
  tell("first load, before the gateway listens", first);
  console.log(
    `of which build: ${build.workMs.toFixed(0)} ms of work, ${build.ms.toFixed(0)} ms by the clock; peak +${(first.peakMb - before).toFixed(0)} MB`,
  );
  const regenerate = await watchChanges(20, watch.keeper, (at) => regenerated(fixture, at));
  const revoke = await watchChanges(20, watch.keeper, (at) => written(db, endToken(fixture, held.tokens - 2 * at)));
  const license = await watchChanges(5, watch.keeper, (at) => written(db, renameLicense(fixture, at)));
  tell("a token regenerated", regenerate);
  tell("a token ended", revoke);
  tell("a license changed", license);
  return [
    atMost("MUST", "snapshot-build-1m-tokens", { value: build.workMs / 1000, limit: 1.5, unit: "s" }),
    atMost("MUST", "snapshot-memory", { value: after - before, limit: 400, unit: "MB" }),
    atMost("GOAL", "first-load-pause", { value: first.longestMs, limit: 10, unit: "ms" }),
    atMost("GOAL", "first-load-work-at-once", { value: first.longestWorkMs, limit: 10, unit: "ms" }),
    ...swapVerdicts("regenerate", regenerate),
    ...swapVerdicts("revoke", revoke),
    ...swapVerdicts("license", license),
  ];
}

function swapVerdicts(after: string, watched: Watched): Verdict[] {
  return [
    atMost("MUST", `snapshot-swap-after-${after}`, { value: watched.ms / 1000, limit: 1.5, unit: "s" }),
    atMost("GOAL", `snapshot-swap-after-${after}-pause`, { value: watched.longestMs, limit: 10, unit: "ms" }),
    atMost("GOAL", `snapshot-swap-after-${after}-work-at-once`, { value: watched.longestWorkMs, limit: 10, unit: "ms" }),
  ];
}

/** A keeper over the real loader that counts what is spent on taking rows in, apart from what the store needs to read them. */
function watchBuild(db: Db) {
  const build = { ms: 0, workMs: 0 };
  let read = { at: 0, workMs: 0 };
  const timed = <T>(work: () => T): T => {
    const begun = { at: performance.now(), workMs: ownWorkMs() };
    const result = work();
    add(begun);
    return result;
  };
  function add(since: { at: number; workMs: number }): void {
    build.ms += performance.now() - since.at;
    build.workMs += ownWorkMs() - since.workMs;
  }
  const keeper = createPolicyKeeper({
    async load(from, sink) {
      const watched: PolicySink = {
        reserve: (expected) => timed(() => sink.reserve(expected)),
        addClients: (rows) => timed(() => sink.addClients(rows)),
        addAccesses: (page) => timed(() => sink.addAccesses(page)),
        addTokens: (page) => timed(() => sink.addTokens(page)),
      };
      const loaded = await loadPolicy(db, from, watched);
      read = { at: performance.now(), workMs: ownWorkMs() };
      return loaded;
    },
    onApplied: () => add(read),
    onFault(_serviceId, error) {
      throw error;
    },
    keys: keyring,
    contracts: createContractCache(),
    log: createLog("silent"),
  });
  return { keeper, build: () => ({ ...build }) };
}

/** Processor time of this thread so far: what its neighbours on the machine take is left out. */
function ownWorkMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

type Watched = {
  ms: number;
  /** The longest time in which nothing else could run, and the most processor time of the loop's own thread in one such time. */
  longestMs: number;
  longestWorkMs: number;
  peakMb: number;
};

/** How long the work takes, how long it held the loop up, and the most memory of the process. */
async function watchLoop(work: () => Promise<unknown>): Promise<Watched> {
  const resolution = 1;
  const delays = monitorEventLoopDelay({ resolution });
  let peakMb = 0;
  let longestWorkMs = 0;
  const sampling = setInterval(() => {
    peakMb = Math.max(peakMb, process.memoryUsage.rss() / 2 ** 20);
  }, 50);
  let last = ownWorkMs();
  const working = setInterval(() => {
    const now = ownWorkMs();
    longestWorkMs = Math.max(longestWorkMs, now - last);
    last = now;
  }, resolution);
  delays.enable();
  const begun = performance.now();
  await work();
  const ms = performance.now() - begun;
  delays.disable();
  clearInterval(sampling);
  clearInterval(working);
  return { ms, longestMs: Math.max(0, delays.max / 1e6 - resolution), longestWorkMs, peakMb };
}

type Keeper = ReturnType<typeof createPolicyKeeper>;

/** Makes changes, each until it is in use: the slowest, and the longest pause in any of them. */
async function watchChanges(count: number, keeper: Keeper, make: (at: number) => Promise<bigint>): Promise<Watched> {
  const seen: Watched[] = [];
  for (let at = 1; at <= count; at += 1) {
    const epoch = await make(at);
    seen.push(
      await watchLoop(async () => {
        if (!(await keeper.applied(epoch, 60_000))) throw new Error("a change did not come into use");
      }),
    );
  }
  const worst = (figure: (one: Watched) => number): number => Math.max(...seen.map(figure));
  return {
    ms: worst((one) => one.ms),
    longestMs: worst((one) => one.longestMs),
    longestWorkMs: worst((one) => one.longestWorkMs),
    peakMb: worst((one) => one.peakMb),
  };
}

async function regenerated(fixture: TenantFixture, number: number): Promise<bigint> {
  const access_id = `acc_${String(number).padStart(26, "0")}`;
  return (await regenerateToken(fixture.ctx, { access_id, overlap: "15m" })).epoch;
}

async function written(db: Db, statement: ReturnType<typeof sql>): Promise<bigint> {
  await platformTx(db, (tx) => statement.execute(tx));
  const { rows } = await sql<{ epoch: bigint }>`SELECT epoch FROM aqueduto.policy_epoch`.execute(db);
  return rows[0]?.epoch ?? 0n;
}

function endToken(fixture: TenantFixture, number: number) {
  const tokenId = `tok_${String(number).padStart(26, "0")}`;
  return sql`UPDATE aqueduto.token SET state = 'ended', ended_at = now(), ended_reason = 'x' WHERE tenant_id = ${fixture.tenantId} AND token_id = ${tokenId}`;
}

function renameLicense(fixture: TenantFixture, number: number) {
  const licenseId = `lic_${String(number).padStart(26, "0")}`;
  return sql`UPDATE aqueduto.license SET burst = burst + 1 WHERE tenant_id = ${fixture.tenantId} AND license_id = ${licenseId}`;
}

function tell(what: string, watched: Watched): void {
  const [ms, pauseMs, workMs] = [watched.ms, watched.longestMs, watched.longestWorkMs].map((value) => value.toFixed(1));
  console.log(`${what}: ${ms} ms, longest pause ${pauseMs} ms, most work at once ${workMs} ms`);
}

/** What the process holds after a full collection. */
function memoryMb(): number {
  setFlagsFromString("--expose-gc");
  const collect: unknown = runInNewContext("gc");
  if (typeof collect === "function") collect();
  return process.memoryUsage.rss() / 2 ** 20;
}
