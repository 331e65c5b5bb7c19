import { tenantTx } from "../../db/tx.ts";
import type { ActionContext } from "../context.ts";
import { policyEpoch } from "../policy-lock.ts";
import { requireScope } from "../require-scope.ts";

export type StoreStatus = { tenant_id: string; key_id: string; scopes: string[]; epoch: string; demo: boolean };

/** What the store tells about the tenant of the key that asks, and the newest published policy. */
export async function getStatus(ctx: ActionContext): Promise<StoreStatus> {
  requireScope(ctx, "status:read");
  return tenantTx(ctx.db, ctx.tenantId, async (tx) => {
    const tenant = await tx.selectFrom("tenant").select("demo").where("tenant_id", "=", ctx.tenantId).executeTakeFirst();
    const epoch = await policyEpoch(tx);
    return { tenant_id: ctx.tenantId, key_id: ctx.actor.id, scopes: [...ctx.scopes], epoch: String(epoch), demo: tenant?.demo ?? false };
  });
}
