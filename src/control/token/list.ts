import type { Token } from "../../contract/token.ts";
import { tenantTx } from "../../db/tx.ts";
import type { ActionContext } from "../context.ts";
import { limitOf, orderOf, pageOf, type Page, type SortedPageQuery } from "../page.ts";
import { accessesOfPartners } from "../partner-rows.ts";
import { visiblePartners } from "../partner-scope.ts";
import { requireScope } from "../require-scope.ts";
import { tokenColumns, tokenOf } from "./row.ts";
import { lastUses } from "./uses.ts";

export type TokenQuery = SortedPageQuery & { access_id?: string; license_id?: string; client_id?: string; state?: Token["state"] };

/** Tokens of the tenant, or of one access, license or client, or of one state, newest first; never their text or digest. */
export async function listTokens(ctx: ActionContext, query: TokenQuery): Promise<Page<Token>> {
  requireScope(ctx, "tokens:read");
  const visible = visiblePartners(ctx);
  const { license_id: licenseId, client_id: clientId } = query;
  return tenantTx(ctx.db, ctx.tenantId, async (tx) => {
    const accesses = tx.selectFrom("access").select("access_id").where("tenant_id", "=", ctx.tenantId);
    const rows = await tx
      .selectFrom("token")
      .select(tokenColumns)
      .where("tenant_id", "=", ctx.tenantId)
      .$if(query.access_id !== undefined, (select) => select.where("access_id", "=", query.access_id ?? ""))
      .$if(licenseId !== undefined, (select) => select.where("access_id", "in", accesses.where("license_id", "=", licenseId ?? "")))
      .$if(clientId !== undefined, (select) => select.where("access_id", "in", accesses.where("client_id", "=", clientId ?? "")))
      .$if(query.state !== undefined, (select) => select.where("state", "=", query.state ?? "live"))
      .$if(visible !== undefined, (select) => select.where("access_id", "in", accessesOfPartners(tx, ctx.tenantId, visible ?? [])))
      .$if(query.cursor !== undefined, (select) => select.where("token_id", orderOf(query).after, query.cursor ?? ""))
      .orderBy("token_id", orderOf(query).direction)
      .limit(limitOf(query) + 1)
      .execute();
    const used = await lastUses(
      tx,
      ctx,
      rows.map((row) => row.token_id),
    );
    return pageOf(rows, query, { item: (row) => tokenOf(row, used.get(row.token_id) ?? null), cursor: (row) => row.token_id });
  });
}
