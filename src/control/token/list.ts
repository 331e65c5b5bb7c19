import type { Token } from "../../contract/token.ts";
import { tenantTx } from "../../db/tx.ts";
import type { ActionContext } from "../context.ts";
import { limitOf, pageOf, type Page, type PageQuery } from "../page.ts";
import { requireScope } from "../require-scope.ts";
import { tokenColumns, tokenOf } from "./row.ts";

/** Tokens of the tenant, or of one access, newest first; never their text or digest. */
export async function listTokens(ctx: ActionContext, query: PageQuery & { access_id?: string }): Promise<Page<Token>> {
  requireScope(ctx, "tokens:read");
  const rows = await tenantTx(ctx.db, ctx.tenantId, (tx) =>
    tx
      .selectFrom("token")
      .select(tokenColumns)
      .where("tenant_id", "=", ctx.tenantId)
      .$if(query.access_id !== undefined, (select) => select.where("access_id", "=", query.access_id ?? ""))
      .$if(query.cursor !== undefined, (select) => select.where("token_id", "<", query.cursor ?? ""))
      .orderBy("token_id", "desc")
      .limit(limitOf(query) + 1)
      .execute(),
  );
  return pageOf(rows, query, { item: tokenOf, cursor: (row) => row.token_id });
}
