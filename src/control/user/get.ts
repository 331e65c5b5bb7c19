import type { User } from "../../contract/user.ts";
import { tenantTx } from "../../db/tx.ts";
import type { ActionContext } from "../context.ts";
import { requireScope } from "../require-scope.ts";
import { requireUser } from "./find.ts";

/** One user of the tenant; `not-found` for any other id. */
export async function getUser(ctx: ActionContext, input: { user_id: string }): Promise<User> {
  requireScope(ctx, "users:read");
  return tenantTx(ctx.db, ctx.tenantId, (tx) => requireUser(tx, ctx, input.user_id));
}
