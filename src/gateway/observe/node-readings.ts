import type { Metrics, Reading } from "../../platform/metrics.ts";
import type { ConnectionGate } from "../http/connection-gate.ts";
import type { NodeLease } from "../node-lease.ts";
import type { PolicyKeeper } from "../policy-keeper.ts";
import type { Breaker } from "../upstream/breaker.ts";
import type { Upstreams } from "../upstream/upstreams.ts";

export type NodeParts = {
  lease: Pick<NodeLease, "state">;
  keeper: Pick<PolicyKeeper, "current">;
  upstream: Pick<Upstreams, "targets">;
  gate: Pick<ConnectionGate, "open" | "refused">;
};

const breakerNumber: Record<Breaker["state"], number> = { closed: 0, "half-open": 1, open: 2 };

/** What a gateway node tells of its state when somebody asks. */
export function registerReadings(metrics: Metrics, { lease, keeper, upstream, gate }: NodeParts): void {
  const ofTargets = (value: (target: ReturnType<Upstreams["targets"]>[number]) => number) => (): Reading[] =>
    upstream.targets().map((target) => [{ target: target.key }, value(target)]);
  metrics.read("gauge", "aqueduto_lease_state", "1 for the state of the node's lease: held, island (store away, it serves) or away.", () =>
    (["held", "island", "away"] as const).map((state): Reading => [{ state }, lease.state() === state ? 1 : 0]),
  );
  metrics.read("gauge", "aqueduto_policy_epoch", "Epoch of the policy in use; 0 = none.", () => Number(keeper.current()?.epoch ?? 0));
  metrics.read(
    "gauge",
    "aqueduto_upstream_breaker",
    "Circuit breaker of a target: 0 closed, 1 half-open, 2 open.",
    ofTargets((target) => breakerNumber[target.breaker.state]),
  );
  metrics.read(
    "gauge",
    "aqueduto_upstream_down",
    "1 = health checks call the target down.",
    ofTargets((target) => (target.down ? 1 : 0)),
  );
  metrics.read(
    "gauge",
    "aqueduto_upstream_pending",
    "Calls under way to a target.",
    ofTargets((target) => target.pending),
  );
  metrics.read("gauge", "aqueduto_connections_open", "Connections of clients that are open.", () => gate.open);
  metrics.read("counter", "aqueduto_connections_refused_total", "Connections turned away at the bound.", () => gate.refused);
}
