import { createSubjectHasher } from "../audit/subject-hash.ts";
import type { Db } from "../db/database.ts";
import type { Clock } from "../platform/clock.ts";
import { createErrorProofs } from "../platform/error-proof.ts";
import type { Log } from "../platform/log.ts";
import type { Keyring } from "../platform/keyring.ts";
import type { Metrics } from "../platform/metrics.ts";
import type { TlsMaterial } from "../platform/tls-material.ts";
import { createAuditTrail, type AuditTrail, type RecordSink } from "./audit/audit-trail.ts";
import { createCatchUp } from "./catch-up.ts";
import { type Engine, type EngineName, engines } from "./engine.ts";
import { createConnectionGate, type GateLimits } from "./http/connection-gate.ts";
import { defaultLimits, type TransportLimits } from "./http/transport.ts";
import { createObjectWatch, type Signals } from "./limits/object-watch.ts";
import { createQuotaRows, createShareRows } from "./limits/limit-rows.ts";
import { createNodeLimits, type NodeLimits } from "./limits/node-limits.ts";
import { createNodeLease, type NodeLease } from "./node-lease.ts";
import { createAccessLog } from "./observe/access-log.ts";
import { observeCalls } from "./observe/call-observer.ts";
import { countCalls } from "./observe/count-calls.ts";
import { registerReadings } from "./observe/node-readings.ts";
import { createNodeRow, leaseMs } from "./node-row.ts";
import { createPipeline, type OnOldPepper, type PipelineParts } from "./pipeline.ts";
import { signatureKeptMs } from "./policies/check-signature.ts";
import { networkTest } from "./policy/addresses.ts";
import { createContractCache } from "./policy/contract-cache.ts";
import type { Snapshot } from "./policy/snapshot.ts";
import { createPolicyKeeper, type PolicyKeeper } from "./policy-keeper.ts";
import { type PolicyListener, startPolicyListener } from "./policy-listener.ts";
import { Refusal } from "./refusal.ts";
import { createRevokedHere, type RevokedHere } from "./revocation/revoked-here.ts";
import { createRevokeOnNode, type RevokeOnNode } from "./revocation/revoke-on-node.ts";
import { createReplayCache } from "./signature/replay-cache.ts";
import { loadPolicy } from "./snapshot-loader.ts";
import { readDownTargets } from "./snapshot-loader-health.ts";
import { startTargetHealth } from "./target-health.ts";
import { createUpstreams, type Upstreams } from "./upstream/upstreams.ts";

export type GatewayOptions = {
  host: string;
  /** 0 = any free one. */
  port: number;
  db: Db;
  /** Where to LISTEN for changes of the policy, on a connection of its own. */
  policyListenUrl: string;
  keyring: Pick<Keyring, "pepper" | "data" | "oldData" | "reference" | "subject">;
  /** An append resolves when the record is kept; the gateway answers nothing before. Closed by its owner, after `drain`. */
  journal: RecordSink;
  log: Log;
  clock: Clock;
  nodeId: string;
  /** Roles that the node's row names; default the gateway alone. */
  roles?: readonly string[];
  /** How long the frozen policy serves while the store is away; 0 = as long as the lease (1 s). */
  storeGraceMs: number;
  /** Tokens revoked on this node by a process before (src/audit/node-revocations.ts). */
  revokedBefore?: Iterable<string>;
  /** Networks of proxies whose X-Forwarded-For is believed. */
  trustedProxies?: readonly string[];
  /** Told of each call whose token stands under the pepper before. */
  onOldPepper?: OnOldPepper;
  /** Connections to one upstream; default 64. */
  upstreamConnections?: number;
  /** Largest answer read from an upstream; default 8 MiB. */
  maxAnswerBytes?: number;
  transport?: Partial<TransportLimits>;
  /** Default `wire`. */
  engine?: EngineName;
  /** The listener speaks TLS. Closed by its owner. */
  tls?: TlsMaterial;
  /** Connections open at once; default 4096 and, of one address, 256. */
  connections?: GateLimits;
  /** Where calls and the state of the node are told. */
  metrics?: Metrics;
  /** A line in the log for each call; default none. */
  accessLog?: boolean;
};

export type Gateway = {
  /** Without trailing slash. */
  url: string;
  /** True when a policy of this epoch or newer is in use on this node within the time. Refreshes at once. */
  applied(epoch: bigint, timeoutMs: number): Promise<boolean>;
  /** `reason` also stands when it is ready but cut off from the store. */
  readiness(): { ready: boolean; reason?: string };
  /** Ends tokens on this node, whether or not the store is there. */
  revokeOnNode: RevokeOnNode;
  /** Takes no new call, finishes those under way, ends by the deadline. */
  drain(deadlineMs: number): Promise<void>;
};

const aggregatesEveryMs = 5_000;

/** Starts the gateway role: loads the policy, takes the lease, then listens. Rejects when the store cannot be read or the port is taken. */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const { db, log, clock, keyring, nodeId } = options;
  const door = doorOf(options);
  const engine = engines[options.engine ?? "wire"];
  const upstream = openUpstreams(options, engine);
  const audit = auditOf(options);
  const keeper = createPolicyKeeper({
    load: (from, sink) => loadPolicy(db, from, sink),
    onApplied(snapshot) {
      upstream.retain(snapshot.upstreams);
      // acknowledged only now that it is in use
      void lease.beat();
    },
    keys: keyring,
    contracts: createContractCache(),
    onFault: (serviceId, error) => log.error({ serviceId, err: error }, "a service cannot be used; its operations are not served"),
    log,
  });
  const row = createNodeRow(db, { nodeId, roles: options.roles ?? ["gateway"], graceMs: options.storeGraceMs });
  const lease = createNodeLease({ row, keeper, graceMs: options.storeGraceMs, clock, log });
  const limits = limitsOf(options);
  const { revokedHere, revokeOnNode } = revocationOf(options, keeper);
  let listener: PolicyListener | undefined;
  const handlers = createPipeline({
    policy: () => policyInForce(keeper, lease),
    catchUp: createCatchUp(keeper, () => listener?.newest() ?? 0n),
    revokedHere,
    keyring,
    ...(options.onOldPepper === undefined ? {} : { onOldPepper: options.onOldPepper }),
    audit,
    upstream,
    ...limits,
    objectWatch: createObjectWatch({ signals: signalsOf(options) }),
    replays: createReplayCache({ keptMs: signatureKeptMs, mostPerOwner: 50_000, most: 200_000 }),
    callGate: door.callGate,
    isTrustedProxy: door.isTrustedProxy,
    ...watchOf(options),
    clock,
    log,
  });
  if (options.metrics !== undefined) registerReadings(options.metrics, { lease, keeper, upstream, gate: door.entrance.gate });
  try {
    await keeper.refresh();
    await lease.beat();
    await limits.start();
    const listening = startPolicyListener({ url: options.policyListenUrl, onChange: () => refreshQuietly(keeper), log });
    listener = listening;
    const transport = await engine.startTransport(options, handlers, door.limits, door.entrance).catch(async (error: unknown) => {
      await listening.close();
      throw error;
    });
    const health = startTargetHealth({ read: () => readDownTargets(db), use: (down) => upstream.markDown(down) });
    const closing = [health.stop, () => listening.close(), () => upstream.close()];
    return running({ scheme: door.scheme, transport, keeper, lease, limits, revokeOnNode, closing, audit, log });
  } catch (error) {
    await limits.close();
    await lease.close();
    await upstream.close();
    throw error;
  }
}

function auditOf({ journal, keyring, clock, log }: GatewayOptions): AuditTrail {
  return createAuditTrail({ journal, keys: keyring, hashSubject: createSubjectHasher(keyring.subject.key), clock, log });
}

/** Reserved in the store as long as this node may serve without it. */
function limitsOf({ db, nodeId, storeGraceMs, clock, log }: GatewayOptions): NodeLimits {
  const reserveMs = Math.max(storeGraceMs, leaseMs);
  return createNodeLimits({ rows: createShareRows(db, nodeId), quotaRows: createQuotaRows(db), nodeId, reserveMs, clock, log });
}

/** What was and is revoked on this node, and how its operator adds to it. */
function revocationOf(options: GatewayOptions, keeper: PolicyKeeper): { revokedHere: RevokedHere; revokeOnNode: RevokeOnNode } {
  const revokedHere = createRevokedHere(options.revokedBefore);
  return { revokedHere, revokeOnNode: createRevokeOnNode({ ...options, policy: () => keeper.current(), revokedHere }) };
}

/** Who may come in, how many, and how. */
function doorOf({ connections, trustedProxies = [], transport, tls }: GatewayOptions) {
  const isTrustedProxy = proxyTest(trustedProxies);
  const bounds = connections ?? { total: defaultLimits.maxConnections, perAddress: 256 };
  const scheme: Running["scheme"] = tls === undefined ? "http" : "https";
  return {
    isTrustedProxy,
    scheme,
    limits: { ...defaultLimits, maxConnections: bounds.total, ...transport },
    entrance: { gate: createConnectionGate(bounds, isTrustedProxy), ...(tls === undefined ? {} : { tls }) },
    callGate: createConnectionGate({ ...bounds, total: Number.POSITIVE_INFINITY }),
  };
}

type Running = {
  scheme: "http" | "https";
  transport: { host: string; port: number; drain(deadlineMs: number): Promise<void> };
  keeper: PolicyKeeper;
  lease: NodeLease;
  limits: NodeLimits;
  revokeOnNode: RevokeOnNode;
  closing: (() => Promise<void>)[];
  audit: AuditTrail;
  log: Log;
};

function running({ scheme, transport, keeper, lease, limits, revokeOnNode, closing, audit, log }: Running): Gateway {
  const flushing = setInterval(() => {
    audit.flush().catch(() => log.warn("counted refusals could not be written"));
  }, aggregatesEveryMs);
  let draining = false;
  return {
    url: `${scheme}://${transport.host.includes(":") ? `[${transport.host}]` : transport.host}:${transport.port}`,
    applied: (epoch, timeoutMs) => keeper.applied(epoch, timeoutMs),
    readiness: () => readinessOf(draining, lease),
    revokeOnNode,
    async drain(deadlineMs) {
      draining = true;
      await transport.drain(deadlineMs);
      clearInterval(flushing);
      await audit.flush(true).catch(() => log.warn("counted refusals could not be written"));
      await limits.close();
      await lease.close();
      await Promise.all(closing.map((close) => close()));
    },
  };
}

function openUpstreams({ upstreamConnections = 64, maxAnswerBytes = 8 * 2 ** 20 }: GatewayOptions, engine: Engine): Upstreams {
  return createUpstreams(engine.createUpstreamClient({ connections: upstreamConnections, maxAnswerBytes }));
}

function signalsOf({ log, metrics }: GatewayOptions): Signals {
  return {
    raise(kind, about) {
      log.warn({ signal: kind, ...about }, "a signal was raised");
      const counter = metrics?.counter("aqueduto_signals_total", "Suspicions raised, by kind.", { signal: kind });
      if (counter !== undefined) counter.value += 1;
    },
  };
}

/** Who is told of each call, and by what its errors are known as ours. */
function watchOf({ metrics, accessLog, log, clock, keyring }: GatewayOptions): Pick<PipelineParts, "onSettled" | "proofs"> {
  const counting = metrics === undefined ? [] : [countCalls(metrics)];
  const onSettled = observeCalls([...counting, ...(accessLog === true ? [createAccessLog(log)] : [])], clock);
  return { onSettled, proofs: createErrorProofs(keyring.subject.key) };
}

function policyInForce(keeper: PolicyKeeper, lease: NodeLease): Snapshot {
  const snapshot = keeper.current();
  if (snapshot !== undefined && lease.state() !== "away") return snapshot;
  throw new Refusal("store-away", {
    clause: "store-away",
    detail: "This node has been cut off from its store for too long. Try again later.",
  });
}

function readinessOf(draining: boolean, lease: NodeLease): { ready: boolean; reason?: string } {
  if (draining) return { ready: false, reason: "draining" };
  const state = lease.state();
  if (state === "held") return { ready: true };
  return state === "island" ? { ready: true, reason: "store-away: the last policy serves" } : { ready: false, reason: "store-away" };
}

function proxyTest(networks: readonly string[]): (address: string) => boolean {
  return networks.length === 0 ? () => false : networkTest(networks);
}

function refreshQuietly(keeper: PolicyKeeper): void {
  // the heartbeat sees the newer epoch too and tries again
  keeper.refresh().catch(() => undefined);
}
