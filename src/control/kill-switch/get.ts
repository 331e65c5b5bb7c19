import { AppError } from "../../contract/errors.ts";
import type { KillSwitch } from "../../contract/kill-switch.ts";
import { tenantTx } from "../../db/tx.ts";
import type { ActionContext } from "../context.ts";
import { requireWholeTenant } from "../partner-scope.ts";
import { requireScope } from "../require-scope.ts";
import { killSwitchColumns, killSwitchOf } from "./row.ts";

/** One kill switch of the tenant; `not-found` for any other id. */
export async function getKillSwitch(ctx: ActionContext, input: { switch_id: string }): Promise<KillSwitch> {
  requireScope(ctx, "kill-switches:read");
  requireWholeTenant(ctx);
  const row = await tenantTx(ctx.db, ctx.tenantId, (tx) =>
    tx
      .selectFrom("kill_switch")
      .select(killSwitchColumns)
      .where("tenant_id", "=", ctx.tenantId)
      .where("switch_id", "=", input.switch_id)
      .executeTakeFirst(),
  );
  if (row === undefined) throw new AppError("not-found");
  return killSwitchOf(row);
}
