import { setTimeout as pause } from "node:timers/promises";
import { sql } from "kysely";
import type { PolicyInForce, PolicyNode } from "../contract/policy-in-force.ts";
import type { Db } from "../db/database.ts";
import { platformTx } from "../db/tx.ts";
import type { Clock } from "../platform/clock.ts";

const askEveryMs = 25;
const answerWithinMs = 2_000;

export type InForceOptions = {
  db: Db;
  clock: Clock;
  /** Makes the gateway of this process act on the epoch, without waiting for a notification. */
  applyHere: (epoch: bigint, timeoutMs: number) => Promise<boolean>;
};

type NodeRow = { node_id: string; epoch: bigint; serves_until: Date };

/**
 * Waits up to 2 s until every node acts on the epoch. `in_force` when each has confirmed it or may no longer serve
 * (`serves_until` has passed), else `committed` with the nodes that have not and the latest instant one may serve.
 */
export async function policyInForce(options: InForceOptions, epoch: bigint): Promise<Omit<PolicyInForce, "epoch">> {
  const { clock } = options;
  const begun = clock.monotonicMs();
  await options.applyHere(epoch, answerWithinMs);
  const confirmed = new Map<string, PolicyNode>();
  for (;;) {
    const elapsed = clock.monotonicMs() - begun;
    const missing = await askNodes(options, { epoch, elapsed, confirmed });
    if (missing.length === 0) return { state: "in_force", nodes: [...confirmed.values()] };
    if (elapsed >= answerWithinMs) return committed(missing, elapsed);
    await pause(askEveryMs);
  }
}

/** Notes who has confirmed; returns the nodes that may still act on an older policy. */
async function askNodes(
  options: InForceOptions,
  question: { epoch: bigint; elapsed: number; confirmed: Map<string, PolicyNode> },
): Promise<NodeRow[]> {
  const rows = await platformTx(options.db, (tx) =>
    tx
      .selectFrom("node")
      .select(["node_id", "epoch", "serves_until"])
      .where("stopped_at", "is", null)
      // the store's clock, which the nodes' bounds were written by
      .where("serves_until", ">", sql<Date>`clock_timestamp()`)
      .execute(),
  );
  const done = rows.filter((row) => row.epoch >= question.epoch && !question.confirmed.has(row.node_id));
  for (const row of done) question.confirmed.set(row.node_id, nodeOf(row, question.elapsed));
  return rows.filter((row) => row.epoch < question.epoch);
}

function committed(missing: NodeRow[], elapsed: number): Omit<PolicyInForce, "epoch"> {
  const latest = new Date(Math.max(...missing.map((row) => row.serves_until.getTime())));
  return { state: "committed", nodes: missing.map((row) => nodeOf(row, elapsed)), latest: latest.toISOString() };
}

function nodeOf(row: NodeRow, milliseconds: number): PolicyNode {
  return { node_id: row.node_id, epoch: row.epoch.toString(), milliseconds: Math.round(milliseconds) };
}
