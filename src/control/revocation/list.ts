import type { Revocation } from "../../contract/revocation.ts";
import { tenantTx } from "../../db/tx.ts";
import type { ActionContext } from "../context.ts";
import { limitOf, pageOf, type Page, type PageQuery } from "../page.ts";
import { visiblePartners } from "../partner-scope.ts";
import { requireScope } from "../require-scope.ts";
import { revocationColumns, revocationOf } from "./row.ts";

/** Revocations of the tenant, or of the actor's partners, newest first, as they were last looked at. */
export async function listRevocations(
  ctx: ActionContext,
  query: PageQuery & { state?: "committed" | "in_force" },
): Promise<Page<Revocation>> {
  requireScope(ctx, "tokens:read");
  const visible = visiblePartners(ctx);
  const rows = await tenantTx(ctx.db, ctx.tenantId, (tx) =>
    tx
      .selectFrom("revocation")
      .select(revocationColumns)
      .where("tenant_id", "=", ctx.tenantId)
      .$if(query.state !== undefined, (select) => select.where("state", "=", query.state ?? "committed"))
      .$if(visible !== undefined, (select) => select.where("partner_id", "in", visible ?? []))
      .$if(query.cursor !== undefined, (select) => select.where("revocation_id", "<", query.cursor ?? ""))
      .orderBy("revocation_id", "desc")
      .limit(limitOf(query) + 1)
      .execute(),
  );
  return pageOf(rows, query, { item: revocationOf, cursor: (row) => row.revocation_id });
}
