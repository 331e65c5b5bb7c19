import { createSubjectHasher } from "../audit/subject-hash.ts";
import type { Db } from "../db/database.ts";
import type { Clock } from "../platform/clock.ts";
import type { Log } from "../platform/log.ts";
import type { Keyring } from "../platform/keyring.ts";
import { createAuditTrail, type AuditTrail, type RecordSink } from "./audit/audit-trail.ts";
import { defaultLimits, startTransport, type TransportLimits } from "./http/transport.ts";
import { createBucketStore } from "./limits/bucket-store.ts";
import { createNodeLease, type NodeLease } from "./node-lease.ts";
import { createNodeRow } from "./node-row.ts";
import { createPipeline, type OnOldPepper } from "./pipeline.ts";
import { networkTest } from "./policy/addresses.ts";
import { createContractCache } from "./policy/contract-cache.ts";
import type { Snapshot } from "./policy/snapshot.ts";
import { createPolicyKeeper, type PolicyKeeper } from "./policy-keeper.ts";
import { startPolicyListener } from "./policy-listener.ts";
import { Refusal } from "./refusal.ts";
import { loadPolicy } from "./snapshot-loader.ts";
import { createUpstreamClient } from "./upstream/upstream-client.ts";

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
  /** Networks of proxies whose X-Forwarded-For is believed. */
  trustedProxies?: readonly string[];
  /** Told of each call whose token stands under the pepper before. */
  onOldPepper?: OnOldPepper;
  /** Connections to one upstream; default 64. */
  upstreamConnections?: number;
  /** Largest answer read from an upstream; default 8 MiB. */
  maxAnswerBytes?: number;
  transport?: Partial<TransportLimits>;
};

export type Gateway = {
  /** Without trailing slash. */
  url: string;
  /** True when a policy of this epoch or newer is in use on this node within the time. Refreshes at once. */
  applied(epoch: bigint, timeoutMs: number): Promise<boolean>;
  /** `reason` also stands when it is ready but cut off from the store. */
  readiness(): { ready: boolean; reason?: string };
  /** Takes no new call, finishes those under way, ends by the deadline. */
  drain(deadlineMs: number): Promise<void>;
};

const aggregatesEveryMs = 5_000;

/** Starts the gateway role: loads the policy, takes the lease, then listens. Rejects when the store cannot be read or the port is taken. */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const { db, log, clock, keyring, nodeId } = options;
  const upstream = createUpstreamClient({
    connections: options.upstreamConnections ?? 64,
    maxAnswerBytes: options.maxAnswerBytes ?? 8 * 2 ** 20,
  });
  const audit = createAuditTrail({
    journal: options.journal,
    keys: keyring,
    hashSubject: createSubjectHasher(keyring.subject.key),
    clock,
    log,
  });
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
  const handlers = createPipeline({
    policy: () => policyInForce(keeper, lease),
    keyring,
    ...(options.onOldPepper === undefined ? {} : { onOldPepper: options.onOldPepper }),
    audit,
    upstream,
    buckets: createBucketStore(),
    preflightBuckets: createBucketStore(),
    isTrustedProxy: proxyTest(options.trustedProxies ?? []),
    clock,
    log,
  });
  try {
    await keeper.refresh();
    await lease.beat();
    const listener = startPolicyListener({ url: options.policyListenUrl, onChange: () => refreshQuietly(keeper), log });
    const transport = await startTransport(options, handlers, { ...defaultLimits, ...options.transport }).catch(async (error: unknown) => {
      await listener.close();
      throw error;
    });
    return running({ transport, keeper, lease, closing: [() => listener.close(), () => upstream.close()], audit, log });
  } catch (error) {
    await lease.close();
    await upstream.close();
    throw error;
  }
}

type Running = {
  transport: { host: string; port: number; drain(deadlineMs: number): Promise<void> };
  keeper: PolicyKeeper;
  lease: NodeLease;
  closing: (() => Promise<void>)[];
  audit: AuditTrail;
  log: Log;
};

function running({ transport, keeper, lease, closing, audit, log }: Running): Gateway {
  const flushing = setInterval(() => {
    audit.flush().catch(() => log.warn("counted refusals could not be written"));
  }, aggregatesEveryMs);
  let draining = false;
  return {
    url: `http://${transport.host.includes(":") ? `[${transport.host}]` : transport.host}:${transport.port}`,
    applied: (epoch, timeoutMs) => keeper.applied(epoch, timeoutMs),
    readiness: () => readinessOf(draining, lease),
    async drain(deadlineMs) {
      draining = true;
      await transport.drain(deadlineMs);
      clearInterval(flushing);
      await audit.flush(true).catch(() => log.warn("counted refusals could not be written"));
      await lease.close();
      await Promise.all(closing.map((close) => close()));
    },
  };
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
