import type { AdminAction } from "../../contract/audit-actions.ts";
import type { Tx } from "../../db/database.ts";
import { newId } from "../../platform/ids.ts";
import type { ActionContext } from "../context.ts";
import { policyEpoch } from "../policy-lock.ts";

export type RevocationOf = {
  what: AdminAction;
  target: { kind: string; id: string };
  /** Whose it is; null: only the utility sees it. */
  partnerId: string | null;
};

/**
 * Writes down, in the transaction of a change that takes something away and after its last write to the policy, that it
 * is to be proved in force; see settle.ts.
 */
export async function recordRevocation(
  tx: Tx,
  ctx: Pick<ActionContext, "tenantId" | "clock">,
  of: RevocationOf,
): Promise<{ revocation_id: string; epoch: bigint }> {
  const epoch = await policyEpoch(tx);
  const revocation_id = newId("rev");
  await tx
    .insertInto("revocation")
    .values({
      tenant_id: ctx.tenantId,
      revocation_id,
      what: of.what,
      target_kind: of.target.kind,
      target_id: of.target.id,
      partner_id: of.partnerId,
      epoch,
      requested_at: ctx.clock.now(),
    })
    .execute();
  return { revocation_id, epoch };
}
