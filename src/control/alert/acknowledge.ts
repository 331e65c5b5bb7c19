import { appendAdminEntry } from "../../audit/append.ts";
import type { Alert } from "../../contract/alert.ts";
import { AppError } from "../../contract/errors.ts";
import { tenantTx } from "../../db/tx.ts";
import type { ActionContext } from "../context.ts";
import { requireWholeTenant } from "../partner-scope.ts";
import { requireScope } from "../require-scope.ts";
import { alertColumns, alertOf } from "./row.ts";

/** Notes who looks after an alert. One that is acknowledged or resolved already stays as it is. */
export async function acknowledgeAlert(ctx: ActionContext, input: { alert_id: string }): Promise<Alert> {
  requireScope(ctx, "alerts:write");
  requireWholeTenant(ctx);
  return tenantTx(ctx.db, ctx.tenantId, async (tx) => {
    const one = tx.selectFrom("alert").select(alertColumns).where("tenant_id", "=", ctx.tenantId).where("alert_id", "=", input.alert_id);
    const known = await one.forUpdate().executeTakeFirst();
    if (known === undefined) throw new AppError("not-found");
    if (known.state !== "raised") return alertOf(known);
    const changed = { state: "acknowledged" as const, acknowledged_at: ctx.clock.now(), acknowledged_by: ctx.actor.id };
    await tx.updateTable("alert").set(changed).where("tenant_id", "=", ctx.tenantId).where("alert_id", "=", input.alert_id).execute();
    await appendAdminEntry(tx, ctx, {
      action: "alert.acknowledge",
      target: { kind: "alert", id: input.alert_id },
      detail: { rule: known.rule, subject: known.subject },
    });
    return alertOf({ ...known, ...changed });
  });
}
