import type { KillLevel, KillSwitch } from "../../contract/kill-switch.ts";
import { tenantTx } from "../../db/tx.ts";
import type { ActionContext } from "../context.ts";
import { limitOf, pageOf, type Page, type PageQuery } from "../page.ts";
import { requireWholeTenant } from "../partner-scope.ts";
import { requireScope } from "../require-scope.ts";
import { killSwitchColumns, killSwitchOf } from "./row.ts";

export type KillSwitchQuery = PageQuery & { level?: KillLevel; state?: "on" | "undone" };

/** Kill switches of the tenant, newest first; those that are on, or were undone, alone where asked. */
export async function listKillSwitches(ctx: ActionContext, query: KillSwitchQuery): Promise<Page<KillSwitch>> {
  requireScope(ctx, "kill-switches:read");
  requireWholeTenant(ctx);
  const rows = await tenantTx(ctx.db, ctx.tenantId, (tx) =>
    tx
      .selectFrom("kill_switch")
      .select(killSwitchColumns)
      .where("tenant_id", "=", ctx.tenantId)
      .$if(query.level !== undefined, (select) => select.where("level", "=", query.level ?? "all"))
      .$if(query.state !== undefined, (select) => select.where("undone_at", query.state === "on" ? "is" : "is not", null))
      .$if(query.cursor !== undefined, (select) => select.where("switch_id", "<", query.cursor ?? ""))
      .orderBy("switch_id", "desc")
      .limit(limitOf(query) + 1)
      .execute(),
  );
  return pageOf(rows, query, { item: killSwitchOf, cursor: (row) => row.switch_id });
}
