import type { ApprovalMode } from "../../contract/approval-mode.ts";
import { tenantTx } from "../../db/tx.ts";
import { approvalModeOf } from "../approval-mode/get.ts";
import type { ActionContext } from "../context.ts";
import { policyEpoch } from "../policy-lock.ts";
import { requireScope } from "../require-scope.ts";

export type StoreStatus = {
  tenant_id: string;
  key_id: string;
  scopes: string[];
  epoch: string;
  demo: boolean;
  approval_mode: ApprovalMode;
};

/** What the store tells about the tenant of the key that asks, and the newest published policy. */
export async function getStatus(ctx: ActionContext): Promise<StoreStatus> {
  requireScope(ctx, "status:read");
  return tenantTx(ctx.db, ctx.tenantId, async (tx) => {
    const tenant = await tx.selectFrom("tenant").select("demo").where("tenant_id", "=", ctx.tenantId).executeTakeFirst();
    const epoch = await policyEpoch(tx);
    const approval_mode = await approvalModeOf(tx, ctx.tenantId);
    const asker = { tenant_id: ctx.tenantId, key_id: ctx.actor.id, scopes: [...ctx.scopes] };
    return { ...asker, epoch: String(epoch), demo: tenant?.demo ?? false, approval_mode };
  });
}
