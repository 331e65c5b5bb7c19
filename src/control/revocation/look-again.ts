import { judgeNodes, latestAccept, type NodeRow } from "./judge-nodes.ts";
import { type RevocationRow, storedNodes } from "./row.ts";
import { settleRevocation, type SettleDeps } from "./settle.ts";

/**
 * Judges a committed revocation by the nodes that serve now: the row as it is after that. What is still not in force is
 * only told, not written again.
 */
export async function lookAgain(
  deps: SettleDeps,
  of: { tenantId: string; row: RevocationRow },
  serving: readonly NodeRow[],
): Promise<RevocationRow> {
  const { tenantId, row } = of;
  if (row.state !== "committed") return row;
  const elapsedMs = deps.clock.now().getTime() - row.requested_at.getTime();
  const nodes = judgeNodes(storedNodes(row.nodes), serving, { epoch: row.epoch, elapsedMs });
  if (latestAccept(nodes) !== undefined) return { ...row, nodes };
  return (await settleRevocation(deps, { tenantId, revocationId: row.revocation_id }, nodes)) ?? row;
}
