import type { Access } from "../../contract/access.ts";
import { tenantTx } from "../../db/tx.ts";
import type { ActionContext } from "../context.ts";
import { limitOf, pageOf, type Page, type PageQuery } from "../page.ts";
import { requireScope } from "../require-scope.ts";
import { accessColumns, accessOf } from "./row.ts";

export type AccessQuery = PageQuery & { license_id?: string; client_id?: string };

/** Accesses of the tenant, or of one license or client, newest first. */
export async function listAccesses(ctx: ActionContext, query: AccessQuery): Promise<Page<Access>> {
  requireScope(ctx, "accesses:read");
  const rows = await tenantTx(ctx.db, ctx.tenantId, (tx) =>
    tx
      .selectFrom("access")
      .select(accessColumns)
      .where("tenant_id", "=", ctx.tenantId)
      .$if(query.license_id !== undefined, (select) => select.where("license_id", "=", query.license_id ?? ""))
      .$if(query.client_id !== undefined, (select) => select.where("client_id", "=", query.client_id ?? ""))
      .$if(query.cursor !== undefined, (select) => select.where("access_id", "<", query.cursor ?? ""))
      .orderBy("access_id", "desc")
      .limit(limitOf(query) + 1)
      .execute(),
  );
  return pageOf(rows, query, { item: accessOf, cursor: (row) => row.access_id });
}
