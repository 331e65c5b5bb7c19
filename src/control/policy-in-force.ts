import { setTimeout as pause } from "node:timers/promises";
import type { PolicyInForce, PolicyNode } from "../contract/policy-in-force.ts";
import type { Db } from "../db/database.ts";
import type { Clock } from "../platform/clock.ts";
import { judgeNodes, latestAccept, servingNodes } from "./revocation/judge-nodes.ts";

const askEveryMs = 25;
const answerWithinMs = 2_000;

export type InForceOptions = {
  db: Db;
  clock: Clock;
  /** Makes the gateway of this process act on the epoch, without waiting for a notification. */
  applyHere: (epoch: bigint, timeoutMs: number) => Promise<boolean>;
};

/**
 * Waits up to 2 s until every node acts on the epoch. `in_force` when each has confirmed it or may no longer serve
 * (`serves_until` has passed), else `committed` with the latest instant one may serve. Names every node that could act on
 * the policy before.
 */
export async function policyInForce(options: InForceOptions, epoch: bigint): Promise<Omit<PolicyInForce, "epoch">> {
  const { clock } = options;
  const begun = clock.monotonicMs();
  await options.applyHere(epoch, answerWithinMs);
  let nodes: PolicyNode[] = [];
  for (;;) {
    const rows = await servingNodes(options.db);
    const elapsedMs = clock.monotonicMs() - begun;
    nodes = judgeNodes(nodes, rows, { epoch, elapsedMs });
    const latest = latestAccept(nodes);
    if (latest === undefined) return { state: "in_force", nodes };
    if (elapsedMs >= answerWithinMs) return { state: "committed", nodes, latest };
    await pause(askEveryMs);
  }
}
