import type { Access } from "../../contract/access.ts";
import { AppError } from "../../contract/errors.ts";
import { tenantTx } from "../../db/tx.ts";
import type { ActionContext } from "../context.ts";
import { requireOwnAccess } from "../partner-rows.ts";
import { requireScope } from "../require-scope.ts";
import { accessColumns, accessOf } from "./row.ts";

/** One access of the tenant; `not-found` for any other id. */
export async function getAccess(ctx: ActionContext, input: { access_id: string }): Promise<Access> {
  requireScope(ctx, "accesses:read");
  const row = await tenantTx(ctx.db, ctx.tenantId, async (tx) => {
    await requireOwnAccess(tx, ctx, input.access_id);
    return tx
      .selectFrom("access")
      .select(accessColumns)
      .where("tenant_id", "=", ctx.tenantId)
      .where("access_id", "=", input.access_id)
      .executeTakeFirst();
  });
  if (row === undefined) throw new AppError("not-found");
  return accessOf(row);
}
