import { appendAdminEntry } from "../../audit/append.ts";
import type { PolicyNode } from "../../contract/policy-in-force.ts";
import { tenantTx } from "../../db/tx.ts";
import { type ActionContext, systemContext } from "../context.ts";
import { requireScope } from "../require-scope.ts";
import { latestAccept } from "./judge-nodes.ts";
import { revocationColumns, type RevocationRow } from "./row.ts";

export type SettleDeps = Pick<ActionContext, "db" | "clock" | "keyring">;

/**
 * Keeps what the nodes were found to act on. When every one is in force the revocation becomes `in_force`, once, and that
 * is an audit entry of its own: the proof. Undefined when it was so already. The platform's own work: whoever asked.
 */
export async function settleRevocation(
  deps: SettleDeps,
  of: { tenantId: string; revocationId: string },
  nodes: readonly PolicyNode[],
): Promise<RevocationRow | undefined> {
  const ctx = systemContext(deps, of.tenantId, "settle-revocations");
  requireScope(ctx, "tokens:write");
  const inForce = latestAccept(nodes) === undefined;
  return tenantTx(ctx.db, ctx.tenantId, async (tx) => {
    const row = await tx
      .updateTable("revocation")
      .set({ nodes: JSON.stringify(nodes), ...(inForce ? { state: "in_force" as const, in_force_at: ctx.clock.now() } : {}) })
      .where("tenant_id", "=", ctx.tenantId)
      .where("revocation_id", "=", of.revocationId)
      .where("state", "=", "committed")
      .returning(revocationColumns)
      .executeTakeFirst();
    if (row === undefined || !inForce) return row;
    await appendAdminEntry(tx, ctx, {
      action: "revocation.in_force",
      target: { kind: "revocation", id: of.revocationId },
      detail: {
        what: row.what,
        target_kind: row.target_kind,
        target_id: row.target_id,
        epoch: row.epoch.toString(),
        nodes: nodes.map(({ node_id, epoch, milliseconds }) => ({ node_id, epoch, milliseconds })),
      },
    });
    return row;
  });
}
