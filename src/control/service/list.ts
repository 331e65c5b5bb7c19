import type { Service } from "../../contract/service.ts";
import { tenantTx } from "../../db/tx.ts";
import type { ActionContext } from "../context.ts";
import { limitOf, pageOf, type Page, type PageQuery } from "../page.ts";
import { requireWholeTenant } from "../partner-scope.ts";
import { requireScope } from "../require-scope.ts";

/** Services of the tenant, newest first; never their credentials. */
export async function listServices(ctx: ActionContext, query: PageQuery): Promise<Page<Service>> {
  requireScope(ctx, "services:read");
  requireWholeTenant(ctx);
  const rows = await tenantTx(ctx.db, ctx.tenantId, (tx) =>
    tx
      .selectFrom("service")
      .select(["service_id", "name", "live_url", "sandbox_url", "state", "created_at"])
      .where("tenant_id", "=", ctx.tenantId)
      .$if(query.cursor !== undefined, (select) => select.where("service_id", "<", query.cursor ?? ""))
      .orderBy("service_id", "desc")
      .limit(limitOf(query) + 1)
      .execute(),
  );
  const item = (row: (typeof rows)[number]): Service => ({ ...row, created_at: row.created_at.toISOString() });
  return pageOf(rows, query, { item, cursor: (row) => row.service_id });
}
