import { sql } from "kysely";
import type { PolicyNode } from "../../contract/policy-in-force.ts";
import type { Db } from "../../db/database.ts";
import { platformTx } from "../../db/tx.ts";

/** A node that may still serve, and the newest epoch it has confirmed. */
export type NodeRow = { node_id: string; epoch: bigint; serves_until: Date };

/** The nodes that may serve now, by the store's clock, which their bounds were written by. */
export function servingNodes(db: Db): Promise<NodeRow[]> {
  return platformTx(db, (tx) =>
    tx
      .selectFrom("node")
      .select(["node_id", "epoch", "serves_until"])
      .where("stopped_at", "is", null)
      .where("serves_until", ">", sql<Date>`clock_timestamp()`)
      .orderBy("node_id")
      .execute(),
  );
}

/**
 * How far an epoch has got, from what was known before and the nodes that serve now. A node is in force when it has
 * confirmed the epoch, or when its bound (`latest`) passed or it stopped before it did: on its return it loads the newest
 * policy first. What is in force stays so.
 */
export function judgeNodes(known: readonly PolicyNode[], rows: readonly NodeRow[], at: { epoch: bigint; elapsedMs: number }): PolicyNode[] {
  const now = new Map(rows.map((row) => [row.node_id, judge(row, at)]));
  const before = known.map((node) => (node.in_force ? node : (now.get(node.node_id) ?? { ...node, in_force: true })));
  const names = new Set(known.map((node) => node.node_id));
  return [...before, ...[...now.values()].filter((node) => !names.has(node.node_id))];
}

function judge(row: NodeRow, at: { epoch: bigint; elapsedMs: number }): PolicyNode {
  const node = { node_id: row.node_id, epoch: row.epoch.toString(), milliseconds: Math.max(0, Math.round(at.elapsedMs)) };
  return row.epoch >= at.epoch ? { ...node, in_force: true } : { ...node, in_force: false, latest: row.serves_until.toISOString() };
}

/** The latest instant at which a node that is not in force may act on the policy before; undefined when all are. */
export function latestAccept(nodes: readonly PolicyNode[]): string | undefined {
  return nodes
    .flatMap((node) => (!node.in_force && node.latest !== undefined ? [node.latest] : []))
    .toSorted()
    .at(-1);
}
