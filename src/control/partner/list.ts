import type { Partner } from "../../contract/partner.ts";
import { tenantTx } from "../../db/tx.ts";
import type { ActionContext } from "../context.ts";
import { limitOf, pageOf, type Page, type PageQuery } from "../page.ts";
import { requireScope } from "../require-scope.ts";
import { partnerColumns, partnerOf } from "./row.ts";

/** Partners of the tenant, newest first. */
export async function listPartners(ctx: ActionContext, query: PageQuery): Promise<Page<Partner>> {
  requireScope(ctx, "partners:read");
  const rows = await tenantTx(ctx.db, ctx.tenantId, (tx) =>
    tx
      .selectFrom("partner")
      .select(partnerColumns)
      .where("tenant_id", "=", ctx.tenantId)
      .$if(query.cursor !== undefined, (select) => select.where("partner_id", "<", query.cursor ?? ""))
      .orderBy("partner_id", "desc")
      .limit(limitOf(query) + 1)
      .execute(),
  );
  return pageOf(rows, query, { item: partnerOf, cursor: (row) => row.partner_id });
}
