import type { Client } from "../../contract/client-application.ts";
import { tenantTx } from "../../db/tx.ts";
import type { ActionContext } from "../context.ts";
import { limitOf, pageOf, type Page, type PageQuery } from "../page.ts";
import { requireScope } from "../require-scope.ts";
import { clientColumns, clientOf } from "./row.ts";

/** Clients of the tenant, or of one of its partners, newest first. */
export async function listClients(ctx: ActionContext, query: PageQuery & { partner_id?: string }): Promise<Page<Client>> {
  requireScope(ctx, "clients:read");
  const rows = await tenantTx(ctx.db, ctx.tenantId, (tx) =>
    tx
      .selectFrom("client")
      .select(clientColumns)
      .where("tenant_id", "=", ctx.tenantId)
      .$if(query.partner_id !== undefined, (select) => select.where("partner_id", "=", query.partner_id ?? ""))
      .$if(query.cursor !== undefined, (select) => select.where("client_id", "<", query.cursor ?? ""))
      .orderBy("client_id", "desc")
      .limit(limitOf(query) + 1)
      .execute(),
  );
  return pageOf(rows, query, { item: clientOf, cursor: (row) => row.client_id });
}
