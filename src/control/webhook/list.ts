import type { Webhook } from "../../contract/webhook.ts";
import { tenantTx } from "../../db/tx.ts";
import type { ActionContext } from "../context.ts";
import { limitOf, orderOf, pageOf, type Page, type SortedPageQuery } from "../page.ts";
import { licensesOfPartners } from "../partner-rows.ts";
import { visiblePartners } from "../partner-scope.ts";
import { requireScope } from "../require-scope.ts";
import { webhookColumns, webhookOf } from "./row.ts";

/** Webhooks of the tenant, or of one license, newest first; never their secrets. */
export async function listWebhooks(ctx: ActionContext, query: SortedPageQuery & { license_id?: string }): Promise<Page<Webhook>> {
  requireScope(ctx, "webhooks:read");
  const visible = visiblePartners(ctx);
  const rows = await tenantTx(ctx.db, ctx.tenantId, (tx) =>
    tx
      .selectFrom("webhook")
      .select(webhookColumns)
      .where("tenant_id", "=", ctx.tenantId)
      .$if(query.license_id !== undefined, (select) => select.where("license_id", "=", query.license_id ?? ""))
      .$if(visible !== undefined, (select) => select.where("license_id", "in", licensesOfPartners(tx, ctx.tenantId, visible ?? [])))
      .$if(query.cursor !== undefined, (select) => select.where("webhook_id", orderOf(query).after, query.cursor ?? ""))
      .orderBy("webhook_id", orderOf(query).direction)
      .limit(limitOf(query) + 1)
      .execute(),
  );
  return pageOf(rows, query, { item: webhookOf, cursor: (row) => row.webhook_id });
}
