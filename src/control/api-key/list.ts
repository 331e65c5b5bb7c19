import { sql } from "kysely";
import type { ApiKey } from "../../contract/api-key.ts";
import { tenantTx } from "../../db/tx.ts";
import type { ActionContext } from "../context.ts";
import { limitOf, pageOf, type Page, type PageQuery } from "../page.ts";
import { visiblePartners } from "../partner-scope.ts";
import { requireScope } from "../require-scope.ts";
import { apiKeyColumns, apiKeyOf } from "./row.ts";

/** Admin API keys of the tenant, newest first; a partner's user sees those that see no more than they do. */
export async function listApiKeys(ctx: ActionContext, query: PageQuery & { state?: ApiKey["state"] }): Promise<Page<ApiKey>> {
  requireScope(ctx, "keys:read");
  const visible = visiblePartners(ctx);
  const rows = await tenantTx(ctx.db, ctx.tenantId, (tx) => {
    let select = tx.selectFrom("api_key").select(apiKeyColumns).where("tenant_id", "=", ctx.tenantId);
    if (visible !== undefined) select = select.where(sql<boolean>`partner_ids <@ ${[...visible]}::text[]`);
    if (query.state !== undefined) select = select.where("state", "=", query.state);
    if (query.cursor !== undefined) select = select.where("key_id", "<", query.cursor);
    return select
      .orderBy("key_id", "desc")
      .limit(limitOf(query) + 1)
      .execute();
  });
  return pageOf(rows, query, { item: apiKeyOf, cursor: (row) => row.key_id });
}
