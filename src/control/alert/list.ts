import type { Alert } from "../../contract/alert.ts";
import { tenantTx } from "../../db/tx.ts";
import type { ActionContext } from "../context.ts";
import { limitOf, pageOf, type Page, type PageQuery } from "../page.ts";
import { requireWholeTenant } from "../partner-scope.ts";
import { requireScope } from "../require-scope.ts";
import { alertColumns, alertOf } from "./row.ts";

/** Alerts of the tenant, newest first; those in one state alone where asked. */
export async function listAlerts(ctx: ActionContext, query: PageQuery & { state?: Alert["state"] }): Promise<Page<Alert>> {
  requireScope(ctx, "alerts:read");
  requireWholeTenant(ctx);
  const rows = await tenantTx(ctx.db, ctx.tenantId, (tx) =>
    tx
      .selectFrom("alert")
      .select(alertColumns)
      .where("tenant_id", "=", ctx.tenantId)
      .$if(query.state !== undefined, (select) => select.where("state", "=", query.state ?? "raised"))
      .$if(query.cursor !== undefined, (select) => select.where("alert_id", "<", query.cursor ?? ""))
      .orderBy("alert_id", "desc")
      .limit(limitOf(query) + 1)
      .execute(),
  );
  return pageOf(rows, query, { item: alertOf, cursor: (row) => row.alert_id });
}
