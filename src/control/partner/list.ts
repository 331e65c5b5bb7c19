import type { Partner } from "../../contract/partner.ts";
import { tenantTx } from "../../db/tx.ts";
import type { ActionContext } from "../context.ts";
import { limitOf, orderOf, pageOf, type Page, type SortedPageQuery } from "../page.ts";
import { visiblePartners } from "../partner-scope.ts";
import { requireScope } from "../require-scope.ts";
import { partnerColumns, partnerOf } from "./row.ts";

/** Partners of the tenant, newest first. */
export async function listPartners(ctx: ActionContext, query: SortedPageQuery & { state?: Partner["state"] }): Promise<Page<Partner>> {
  requireScope(ctx, "partners:read");
  const visible = visiblePartners(ctx);
  const rows = await tenantTx(ctx.db, ctx.tenantId, (tx) =>
    tx
      .selectFrom("partner")
      .select(partnerColumns)
      .where("tenant_id", "=", ctx.tenantId)
      .$if(query.state !== undefined, (select) => select.where("state", "=", query.state ?? "active"))
      .$if(visible !== undefined, (select) => select.where("partner_id", "in", visible ?? []))
      .$if(query.cursor !== undefined, (select) => select.where("partner_id", orderOf(query).after, query.cursor ?? ""))
      .orderBy("partner_id", orderOf(query).direction)
      .limit(limitOf(query) + 1)
      .execute(),
  );
  return pageOf(rows, query, { item: partnerOf, cursor: (row) => row.partner_id });
}
