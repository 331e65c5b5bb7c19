import type { Client } from "../../contract/client-application.ts";
import { tenantTx } from "../../db/tx.ts";
import type { ActionContext } from "../context.ts";
import { limitOf, orderOf, pageOf, type Page, type SortedPageQuery } from "../page.ts";
import { visiblePartners } from "../partner-scope.ts";
import { requireScope } from "../require-scope.ts";
import { clientColumns, clientOf } from "./row.ts";

/** Clients of the tenant, or of one of its partners, newest first. */
export async function listClients(
  ctx: ActionContext,
  query: SortedPageQuery & { partner_id?: string; state?: Client["state"] },
): Promise<Page<Client>> {
  requireScope(ctx, "clients:read");
  const visible = visiblePartners(ctx);
  const rows = await tenantTx(ctx.db, ctx.tenantId, (tx) =>
    tx
      .selectFrom("client")
      .select(clientColumns)
      .where("tenant_id", "=", ctx.tenantId)
      .$if(query.partner_id !== undefined, (select) => select.where("partner_id", "=", query.partner_id ?? ""))
      .$if(query.state !== undefined, (select) => select.where("state", "=", query.state ?? "active"))
      .$if(visible !== undefined, (select) => select.where("partner_id", "in", visible ?? []))
      .$if(query.cursor !== undefined, (select) => select.where("client_id", orderOf(query).after, query.cursor ?? ""))
      .orderBy("client_id", orderOf(query).direction)
      .limit(limitOf(query) + 1)
      .execute(),
  );
  return pageOf(rows, query, { item: clientOf, cursor: (row) => row.client_id });
}
