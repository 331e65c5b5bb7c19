import { appendAdminEntry } from "../../audit/append.ts";
import type { NewPartner, Partner } from "../../contract/partner.ts";
import { tenantTx } from "../../db/tx.ts";
import { newId } from "../../platform/ids.ts";
import type { ActionContext } from "../context.ts";
import { lockPolicy } from "../policy-lock.ts";
import { requireWholeTenant } from "../partner-scope.ts";
import { requireScope } from "../require-scope.ts";
import { partnerColumns, partnerOf } from "./row.ts";

/** Creates an active partner of the tenant. */
export async function createPartner(ctx: ActionContext, input: NewPartner): Promise<Partner> {
  requireScope(ctx, "partners:write");
  requireWholeTenant(ctx);
  return tenantTx(ctx.db, ctx.tenantId, async (tx) => {
    await lockPolicy(tx);
    const row = await tx
      .insertInto("partner")
      .values({ tenant_id: ctx.tenantId, partner_id: newId("par"), name: input.name, created_at: ctx.clock.now() })
      .returning(partnerColumns)
      .executeTakeFirstOrThrow();
    const partner = partnerOf(row);
    await appendAdminEntry(tx, ctx, { action: "partner.create", target: { kind: "partner", id: partner.partner_id }, after: partner });
    return partner;
  });
}
