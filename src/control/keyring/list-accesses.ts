import { AppError } from "../../contract/errors.ts";
import type { PepperUse } from "../../contract/keyring.ts";
import { tenantTx } from "../../db/tx.ts";
import type { ActionContext } from "../context.ts";
import { limitOf, pageOf, type Page, type PageQuery } from "../page.ts";
import { requireWholeTenant } from "../partner-scope.ts";
import { requireScope } from "../require-scope.ts";

/** Tokens of the tenant that still stand under a pepper, newest first. `not-found` when there is no such pepper. */
export async function listPepperUses(ctx: ActionContext, query: PageQuery & { kid: string }): Promise<Page<PepperUse>> {
  requireScope(ctx, "keyring:read");
  requireWholeTenant(ctx);
  return tenantTx(ctx.db, ctx.tenantId, async (tx) => {
    const pepper = await tx
      .selectFrom("key_check")
      .select("kid")
      .where("kid", "=", query.kid)
      .where("purpose", "=", "pepper")
      .executeTakeFirst();
    if (pepper === undefined) throw new AppError("not-found");
    const rows = await tx
      .selectFrom("token")
      .innerJoin("access", (join) =>
        join.onRef("access.tenant_id", "=", "token.tenant_id").onRef("access.access_id", "=", "token.access_id"),
      )
      .select(["token.token_id", "token.access_id", "access.client_id", "access.license_id", "token.state"])
      .where("token.tenant_id", "=", ctx.tenantId)
      .where("token.pepper_id", "=", query.kid)
      .where("token.state", "<>", "ended")
      .$if(query.cursor !== undefined, (select) => select.where("token.token_id", "<", query.cursor ?? ""))
      .orderBy("token.token_id", "desc")
      .limit(limitOf(query) + 1)
      .execute();
    return pageOf(rows, query, { item: (row) => row, cursor: (row) => row.token_id });
  });
}
