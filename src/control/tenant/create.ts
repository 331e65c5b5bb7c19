import { appendAdminEntry } from "../../audit/append.ts";
import { AppError } from "../../contract/errors.ts";
import { tenantTx } from "../../db/tx.ts";
import type { ActionContext } from "../context.ts";
import { lockPolicy } from "../policy-lock.ts";
import { requireWholeTenant } from "../partner-scope.ts";
import { requireScope } from "../require-scope.ts";

export type NewTenant = { name: string; demo: boolean; timeZone?: string };

/** Creates the tenant of the context (`ctx.tenantId` becomes its id). `conflict` when it is there already. */
export async function createTenant(ctx: ActionContext, input: NewTenant): Promise<{ tenant_id: string }> {
  requireScope(ctx, "tenants:write");
  requireWholeTenant(ctx);
  const tenant = { tenant_id: ctx.tenantId, name: input.name, demo: input.demo, time_zone: input.timeZone ?? "America/Recife" };
  await tenantTx(ctx.db, ctx.tenantId, async (tx) => {
    await lockPolicy(tx);
    const made = await tx
      .insertInto("tenant")
      .values({ ...tenant, created_at: ctx.clock.now() })
      .onConflict((conflict) => conflict.column("tenant_id").doNothing())
      .returning("tenant_id")
      .executeTakeFirst();
    if (made === undefined) throw new AppError("conflict", "a tenant of this id exists");
    await appendAdminEntry(tx, ctx, { action: "tenant.create", target: { kind: "tenant", id: ctx.tenantId }, after: tenant });
  });
  return { tenant_id: ctx.tenantId };
}
