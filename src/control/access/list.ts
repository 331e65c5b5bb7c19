import type { Access } from "../../contract/access.ts";
import { tenantTx } from "../../db/tx.ts";
import type { ActionContext } from "../context.ts";
import { limitOf, orderOf, pageOf, type Page, type SortedPageQuery } from "../page.ts";
import { licensesOfPartners } from "../partner-rows.ts";
import { visiblePartners } from "../partner-scope.ts";
import { requireScope } from "../require-scope.ts";
import { accessColumns, accessOf } from "./row.ts";

export type AccessQuery = SortedPageQuery & {
  license_id?: string;
  client_id?: string;
  partner_id?: string;
  state?: Access["state"];
  kind?: Access["kind"];
  mode?: Access["mode"];
};

/** Accesses of the tenant, or of one license, client or partner, of one state, kind or mode, newest first. */
export async function listAccesses(ctx: ActionContext, query: AccessQuery): Promise<Page<Access>> {
  requireScope(ctx, "accesses:read");
  const visible = visiblePartners(ctx);
  const rows = await tenantTx(ctx.db, ctx.tenantId, (tx) =>
    tx
      .selectFrom("access")
      .select(accessColumns)
      .where("tenant_id", "=", ctx.tenantId)
      .$if(query.license_id !== undefined, (select) => select.where("license_id", "=", query.license_id ?? ""))
      .$if(query.client_id !== undefined, (select) => select.where("client_id", "=", query.client_id ?? ""))
      .$if(query.partner_id !== undefined, (select) =>
        select.where("license_id", "in", licensesOfPartners(tx, ctx.tenantId, [query.partner_id ?? ""])),
      )
      .$if(query.state !== undefined, (select) => select.where("state", "=", query.state ?? "active"))
      .$if(query.kind !== undefined, (select) => select.where("kind", "=", query.kind ?? "confidential"))
      .$if(query.mode !== undefined, (select) => select.where("mode", "=", query.mode ?? "live"))
      .$if(visible !== undefined, (select) => select.where("license_id", "in", licensesOfPartners(tx, ctx.tenantId, visible ?? [])))
      .$if(query.cursor !== undefined, (select) => select.where("access_id", orderOf(query).after, query.cursor ?? ""))
      .orderBy("access_id", orderOf(query).direction)
      .limit(limitOf(query) + 1)
      .execute(),
  );
  return pageOf(rows, query, { item: accessOf, cursor: (row) => row.access_id });
}
