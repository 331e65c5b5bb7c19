import { once } from "node:events";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { startAdmin } from "./admin/start-admin.ts";
import { type Journal, openJournal } from "./audit/journal.ts";
import { readJournalUse } from "./audit/read-journal-use.ts";
import { startJournalShipper } from "./audit/journal-shipper.ts";
import type { NodeSummary, PlatformSummary } from "./contract/platform-summary.ts";
import { ensureOperatorKey } from "./control/api-key/ensure-operator.ts";
import { createAlertTeller } from "./control/alert/tell.ts";
import { type ActionContext, systemContext } from "./control/context.ts";
import { type KeyringJob, startKeyringJob } from "./control/keyring/keyring-job.ts";
import { policyInForce } from "./control/policy-in-force.ts";
import { startControlJobs } from "./control/start-jobs.ts";
import { ensureFirstTenant } from "./control/tenant/ensure-first.ts";
import { ensureSetupLink } from "./control/user/ensure-setup-link.ts";
import { openCheckedKeyring } from "./db/check-keys.ts";
import type { DataLock } from "./db/data-lock.ts";
import { openDatabase } from "./db/database.ts";
import { type EmbeddedServer, startEmbeddedServer, stopAbandonedServer } from "./db/embedded-server.ts";
import { migrate } from "./db/migrate.ts";
import { waitForDataLock } from "./db/wait-for-data-lock.ts";
import { type Gateway, startGateway } from "./gateway/start-gateway.ts";
import { startBase } from "./gsan/base/start-base.ts";
import { nodeRevocationsBefore } from "./audit/node-revocations.ts";
import { startCapture } from "./gsan/capture/start-capture.ts";
import { decideDemo, type DemoDecision } from "./gsan/demo/decide-demo.ts";
import { type Demo, openDemo } from "./gsan/demo/open-demo.ts";
import { checkListeners } from "./platform/check-listeners.ts";
import { systemClock } from "./platform/clock.ts";
import { type Config, ConfigError } from "./platform/config.ts";
import { makeNextKey, type OpenKeyring } from "./platform/keyring.ts";
import { createLog, type Log } from "./platform/log.ts";
import { openLocalSocket } from "./platform/local-socket.ts";
import type { Metrics } from "./platform/metrics.ts";
import { openNodeId } from "./platform/node-id.ts";
import { openGatewayTls } from "./platform/open-gateway-tls.ts";
import { openMetrics } from "./platform/open-metrics.ts";
import { RoleBoard } from "./platform/role-board.ts";
import { removeRunFile, writeRunFile } from "./platform/run-file.ts";
import type { TlsMaterial } from "./platform/tls-material.ts";
import { createShutdown, type Shutdown } from "./platform/shutdown.ts";
import type { Listener } from "./webhooks/address-guard.ts";
import { startDispatcher } from "./webhooks/dispatcher.ts";
import { listenersOf } from "./webhooks/own-listeners.ts";

export type StartRole = "all" | "gateway";

export type Start = {
  /** Told of each step of a start, one short line. */
  say: (line: string) => void;
  /** Aborted when the platform is to end. */
  stopping: AbortSignal;
  /** gateway: that role alone, over the store of a platform that runs; default all. */
  role?: StartRole;
};

export type Platform = { summary: PlatformSummary | NodeSummary; /** Resolves when everything has ended. */ ended: Promise<void> };

const readyWithinMs = 90_000;

type RunningDemo = { demo: Demo; baseUrl: string };

/** What every role is given. */
type House = {
  config: Config;
  start: Start;
  log: Log;
  shutdown: Shutdown;
  deps: Pick<ActionContext, "db" | "clock"> & { keyring: OpenKeyring };
  /** PostgreSQL URL for connections that listen. */
  storeUrl: string;
  embedded: EmbeddedServer | undefined;
  nodeId: string;
  tenantId: string;
  /** Of the gateway's listener. */
  tls: TlsMaterial | undefined;
  roles: RoleBoard;
  /** What this process tells of itself. */
  metrics: Metrics;
};

/**
 * Starts every role in this process: store, keys, journal, base, gateway, admin, dispatcher, capture. Undefined when it
 * was told to stop before it was ready. What was opened is closed in reverse order, at the end and when a step fails.
 */
export async function startPlatform(config: Config, start: Start): Promise<Platform | undefined> {
  const shutdown = createShutdown();
  try {
    refuseLonelyGateway(config, start);
    const house = await openHouse(config, start, shutdown);
    if (start.role === "gateway") return { summary: await startNode(house), ended: end(house) };
    const demo = house.demo.on ? await startDemo(house) : undefined;
    const summary = await startRoles(house, demo);
    return { summary, ended: end(house) };
  } catch (error) {
    await shutdown.run();
    if (start.stopping.aborted) return undefined;
    throw error;
  }
}

function refuseLonelyGateway(config: Config, start: Start): void {
  if (start.role !== "gateway" || config.databaseUrl !== undefined) return;
  throw new ConfigError(
    "--role gateway needs DATABASE_URL: the store of the platform whose policy it serves (and AQUEDUTO_KEYS: its keys)",
  );
}

/** The gateway role alone: journal, keys, gateway. */
async function startNode(house: House): Promise<NodeSummary> {
  const role = await startJournal(house);
  const gateway = await gatewayRole(house, { ...role, keys: startKeyring(house) });
  house.roles.add("gateway", () => gateway.readiness());
  await house.roles.untilReady(house.start.stopping, readyWithinMs);
  return { gateway: gateway.url, dataDir: house.config.dataDir, nodeId: house.nodeId };
}

/** Lock, store, schema, keys, tenant: what every role stands on. */
async function openHouse(config: Config, start: Start, shutdown: Shutdown): Promise<House & { demo: DemoDecision }> {
  const demo = await decideDemo(config);
  const log = createLog(config.logLevel);
  const lock = await waitForDataLock(config.dataDir, {
    stopping: start.stopping,
    onWait: () => start.say("waiting for the platform that is ending in this data directory"),
  });
  shutdown.add({ name: "data lock", deadlineMs: 500, close: () => lock.release() });
  // of a platform that was killed
  await removeRunFile(config.dataDir);
  const base = demo.on ? { AQUEDUTO_BASE_LISTEN: config.base } : {};
  const admin = start.role === "gateway" ? {} : { AQUEDUTO_ADMIN_LISTEN: config.admin };
  const metricsAt = config.metrics === undefined ? {} : { AQUEDUTO_METRICS_LISTEN: config.metrics };
  await checkListeners({ AQUEDUTO_GATEWAY_LISTEN: config.gateway, ...admin, ...base, ...metricsAt });
  const roles = new RoleBoard();
  const metrics = await openMetrics(config.metrics, shutdown, roles);
  const tls = await openGatewayTls(config.gatewayTls, { clock: systemClock, log, shutdown, metrics });
  const embedded = config.databaseUrl === undefined ? await openEmbedded({ lock, log, start, shutdown }) : undefined;
  if (embedded === undefined) await stopAbandonedServer(lock);
  const storeUrl = embedded?.url ?? config.databaseUrl?.reveal() ?? "";
  step(start, "bringing the schema to this release");
  await migrate({ url: storeUrl, progress: (name) => start.say(`  migration ${name}`) });
  const database = openDatabase({
    url: storeUrl,
    max: 20,
    applicationName: "aqueduto",
    onConnectionLost: (error) => log.warn({ code: error.name }, "a connection to the store was lost"),
  });
  shutdown.add({ name: "store connections", deadlineMs: 1_000, close: () => database.close() });
  const keyring = await openCheckedKeyring(database.db, config.keysDir);
  const deps = { db: database.db, clock: systemClock, keyring };
  const tenantId = await ensureFirstTenant(
    deps,
    demo.on ? { name: "Companhia Demo de Saneamento (TESTE)", demo: true } : { name: "Concessionária", demo: false },
  );
  const operatorKey = await ensureOperatorKey(systemContext(deps, tenantId, "first-start"), operatorKeyFile(config));
  if (!operatorKey) log.warn("the operator's key file does not hold a live key; use another API key");
  const nodeId = await openNodeId(config.dataDir);
  return { config, start, log, shutdown, deps, storeUrl, embedded, nodeId, tenantId, tls, roles, metrics, demo };
}

type EmbeddedNeeds = { lock: DataLock; log: Log; start: Start; shutdown: Shutdown };

async function openEmbedded({ lock, log, start, shutdown }: EmbeddedNeeds): Promise<EmbeddedServer> {
  const server = await startEmbeddedServer({
    lock,
    progress: (line) => start.say(line),
    onExit: () => log.error({ code: "store-ended" }, "PostgreSQL ended; it is started again"),
    onRestart: () => log.info("PostgreSQL serves again"),
  });
  shutdown.add({ name: "PostgreSQL", deadlineMs: 4_000, close: (deadlineMs) => server.stop(deadlineMs - 1_000) });
  return server;
}

/** One line of progress; a start that was told to stop goes no further. */
function step(start: Start, line: string): void {
  start.stopping.throwIfAborted();
  start.say(line);
}

/** The synthetic GSAN base, the base service over it, the receiver, and the demo's rows. */
async function startDemo(house: House): Promise<RunningDemo> {
  const { embedded, config, deps, log, shutdown, start } = house;
  if (embedded === undefined) throw new ConfigError("the demo needs the platform's own PostgreSQL: leave DATABASE_URL unset");
  step(start, "preparing the demo base");
  const demo = await openDemo({ ...deps, dataDir: config.dataDir, server: embedded, tenantId: house.tenantId, say: start.say });
  shutdown.add({ name: "demo", deadlineMs: 1_000, close: () => demo.close() });
  const base = await startBase({
    ...config.base,
    gsanUrl: demo.gsanUrl,
    credential: demo.baseCredential,
    identityKey: demo.baseIdentityKey,
    timeZone: "America/Recife",
    clock: deps.clock,
    log: log.child({ role: "base" }),
  });
  shutdown.add({ name: "base", deadlineMs: 1_000, close: () => base.drain() });
  house.roles.add("base", () => base.readiness());
  step(start, "preparing the demo's partner, license, token and webhook");
  await demo.provision(base.url);
  return { demo, baseUrl: base.url };
}

/** The link that makes the first administrador, at the name by which people reach the admin side. */
async function setupLink({ config, deps, tenantId }: House, adminUrl: string): Promise<PlatformSummary["setup"]> {
  const [host] = config.adminHosts;
  const link = await ensureSetupLink(systemContext(deps, tenantId, "first-start"), host === undefined ? adminUrl : `https://${host}`);
  return link === undefined ? undefined : { url: link.url, expiresAt: link.expiresAt.toISOString() };
}

/** Journal, gateway, admin, dispatcher, capture; then waits until all serve and records where. */
async function startRoles(house: House, running: RunningDemo | undefined): Promise<PlatformSummary> {
  const { config, start, roles } = house;
  const { journal, revokedBefore } = await startJournal(house);
  step(start, "starting gateway, admin, dispatcher and capture");
  startJobs(house, journal);
  const keys = startKeyring(house);
  // what no webhook may reach, whatever any allow-list says: our own listeners and the store
  const forbidden: Listener[] = [];
  const capture = await captureRole(house, running !== undefined);
  const dispatcher = await dispatcherRole(house, forbidden);
  const gateway = await gatewayRole(house, { journal, keys, revokedBefore });
  const own: Listener[] = [];
  const admin = await adminRole(house, { gateway, keys, demo: running?.demo, own });
  for (const [name, role] of Object.entries({ gateway, dispatcher, capture })) roles.add(name, () => role.readiness());
  const base = running === undefined ? {} : { base: running.baseUrl };
  // the built-in base is a service as any other: webhooks may not reach it, the gateway has to
  own.push(...listenersOf([gateway.url, admin.url], 80), ...listenersOf([house.storeUrl], 5432));
  forbidden.push(...own, ...listenersOf(Object.values(base), 80));
  await roles.untilReady(start.stopping, readyWithinMs);
  const receiver = running === undefined ? {} : { receiver: running.demo.receiverUrl };
  const postgres = house.embedded === undefined ? {} : { postgres: { port: house.embedded.port } };
  await writeRunFile(config.dataDir, { pid: process.pid, gateway: gateway.url, admin: admin.url, ...base, ...receiver, ...postgres });
  const demo = await running?.demo.finish({ gateway: gateway.url, admin: admin.url });
  const places = { gateway: gateway.url, admin: admin.url, ...base, dataDir: config.dataDir, operatorKeyFile: operatorKeyFile(config) };
  const setup = await setupLink(house, admin.url);
  return { ...places, ...(setup === undefined ? {} : { setup }), ...(demo === undefined ? {} : { demo }) };
}

type JournalRole = { journal: Journal; revokedBefore: ReadonlySet<string> };

/** Closed after every role that writes to it; what is kept is shipped before the store's connections end. */
async function startJournal({ config, deps, log, shutdown, nodeId, roles, metrics }: House): Promise<JournalRole> {
  const dir = join(config.dataDir, "journal");
  await mkdir(dir, { recursive: true, mode: 0o700 });
  // before the shipper can remove one
  const revokedBefore = await nodeRevocationsBefore(dir, deps.db);
  const journal = await openJournal({ dir, nodeId, log, sync: config.journalSync, clock: deps.clock });
  readJournalUse(metrics, journal);
  const shipper = startJournalShipper({ dir, db: deps.db, log, clock: deps.clock, journal });
  shutdown.add({ name: "journal shipper", deadlineMs: 1_500, close: (deadlineMs) => shipper.drain(deadlineMs) });
  shutdown.add({ name: "journal", deadlineMs: 1_000, close: () => journal.close() });
  roles.add("journal", () => shipper.readiness());
  return { journal, revokedBefore };
}

function startJobs({ config, deps, log, shutdown, nodeId, tenantId, tls }: House, journal: Journal): void {
  const used = (): number => journal.use().usedBytes / journal.use().maxBytes;
  const sources = { nodeId, tenantId, journalUsedRatio: used, certificateEndsAt: () => tls?.expiresAt() };
  const jobs = startControlJobs(deps, log, { sources, teller: createAlertTeller(config.alertWebhook) });
  shutdown.add({ name: "jobs", deadlineMs: 1_000, close: () => jobs.stop() });
}

/** Follows rotated keys; its last turn is done before the store's connections end. */
function startKeyring({ deps, log, shutdown, roles }: House): KeyringJob {
  const job = startKeyringJob(deps, log);
  shutdown.add({ name: "keyring", deadlineMs: 1_000, close: () => job.stop() });
  roles.add("keyring", () => {
    const reason = job.fault();
    return reason === undefined ? { ready: true } : { ready: false, reason };
  });
  return job;
}

async function captureRole({ deps, log, shutdown, nodeId }: House, isDemo: boolean) {
  // a reversal shows within seconds in the demo; a real base is spared
  const rhythm = isDemo ? { absenceEveryMs: 2_000 } : {};
  const capture = await startCapture({ ...deps, ...rhythm, log: log.child({ role: "capture" }), nodeId });
  shutdown.add({ name: "capture", deadlineMs: 1_500, close: (deadlineMs) => capture.drain(deadlineMs) });
  return capture;
}

async function dispatcherRole({ deps, log, shutdown, nodeId, storeUrl }: House, forbidden: Listener[]) {
  const dispatcher = await startDispatcher({
    ...deps,
    log: log.child({ role: "dispatcher" }),
    listenUrl: storeUrl,
    nodeId,
    forbidden: () => forbidden,
  });
  shutdown.add({ name: "dispatcher", deadlineMs: 2_000, close: (deadlineMs) => dispatcher.drain(deadlineMs) });
  return dispatcher;
}

async function gatewayRole(house: House, { journal, keys, revokedBefore }: JournalRole & { keys: KeyringJob }): Promise<Gateway> {
  const { config, deps, log, shutdown, nodeId, storeUrl, tls, metrics } = house;
  const { storeGraceMs, trustedProxies, gatewayConnections: connections } = config;
  const gateway = await startGateway({
    ...config.gateway,
    ...deps,
    engine: config.httpEngine,
    journal,
    revokedBefore,
    onOldPepper: ({ tenantId, tokenId, digest }) => keys.rewriter.note({ table: "token", tenantId, id: tokenId, digest }),
    policyListenUrl: storeUrl,
    log: log.child({ role: "gateway" }),
    nodeId,
    storeGraceMs,
    trustedProxies,
    connections,
    metrics,
    accessLog: config.accessLog,
    ...(tls === undefined ? {} : { tls }),
  });
  shutdown.add({ name: "gateway", deadlineMs: 3_000, close: (deadlineMs) => gateway.drain(deadlineMs - 500) });
  await openLocalSocket({ dataDir: config.dataDir, log, shutdown }, gateway.revokeOnNode);
  return gateway;
}

type AdminNeeds = { gateway: Gateway; keys: KeyringJob; demo: Demo | undefined; own: readonly Listener[] };

async function adminRole(house: House, { gateway, keys, demo, own }: AdminNeeds) {
  const { config, deps, log, shutdown, roles, metrics } = house;
  const admin = await startAdmin({
    ...deps,
    listen: config.admin,
    hosts: config.adminHosts,
    trustedProxies: config.trustedProxies,
    ownPlaces: () => own,
    makeKey: (purpose) => makeNextKey(config.keysDir, purpose),
    onOldPepper: (hit) => keys.rewriter.note(hit),
    log: log.child({ role: "admin" }),
    readiness: () => roles.list(),
    metrics,
    policyInForce: (epoch) => policyInForce({ ...deps, applyHere: (wanted, timeoutMs) => gateway.applied(wanted, timeoutMs) }, epoch),
    ...(demo === undefined ? {} : { demo: demo.port, onTokenIssued: (issued) => demo.tokenIssued(issued) }),
  });
  shutdown.add({ name: "admin", deadlineMs: 1_500, close: (deadlineMs) => admin.drain(deadlineMs - 500) });
  return admin;
}

/** Waits until the platform is told to stop, then closes all in order. */
async function end({ config, shutdown, log, start }: House): Promise<void> {
  if (!start.stopping.aborted) await once(start.stopping, "abort");
  start.say("ending");
  await removeRunFile(config.dataDir);
  for (const { name, outcome } of await shutdown.run())
    if (outcome !== "closed") log.warn({ part: name, outcome }, "a part did not end in time");
}

function operatorKeyFile(config: Config): string {
  return join(config.keysDir, "operator");
}
