import { appendAdminEntry } from "../../audit/append.ts";
import { AppError } from "../../contract/errors.ts";
import type { User } from "../../contract/user.ts";
import { tenantTx } from "../../db/tx.ts";
import type { ActionContext } from "../context.ts";
import { requireScope } from "../require-scope.ts";
import { requireMayGive } from "./check-roles.ts";
import { requireUser } from "./find.ts";

/** Lets a disabled user sign in again with what they had; one who never accepted is invited again by a reset. */
export async function enableUser(ctx: ActionContext, input: { user_id: string }): Promise<User> {
  requireScope(ctx, "users:write");
  return tenantTx(ctx.db, ctx.tenantId, async (tx) => {
    const before = await requireUser(tx, ctx, input.user_id, "lock");
    if (before.state !== "disabled") throw new AppError("conflict", "this user is not disabled");
    requireMayGive(ctx, before.roles);
    const person = tx.updateTable("person").where("tenant_id", "=", ctx.tenantId).where("user_id", "=", input.user_id);
    await person
      .set((set) => ({
        // who never set a password nor came through a provider is still invited
        state: set
          .case()
          .when(set.or([set("password", "is not", null), set("last_sign_in_at", "is not", null)]))
          .then("active" as const)
          .else("invited" as const)
          .end(),
        state_reason: null,
      }))
      .execute();
    await appendAdminEntry(tx, ctx, { action: "user.enable", target: { kind: "user", id: input.user_id } });
    return requireUser(tx, ctx, input.user_id);
  });
}
