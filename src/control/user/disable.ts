import { appendAdminEntry } from "../../audit/append.ts";
import { AppError } from "../../contract/errors.ts";
import type { User } from "../../contract/user.ts";
import { tenantTx } from "../../db/tx.ts";
import type { ActionContext } from "../context.ts";
import { requireScope } from "../require-scope.ts";
import { requireWholeTenant } from "../partner-scope.ts";
import { endSessions } from "../session/end-sessions.ts";
import { requireUser } from "./find.ts";
import { keepAnAdministrator } from "./last-administrator.ts";
import { endLinks } from "./link.ts";

/** Stops a user: sessions and open links end. `conflict` for oneself, one who is disabled, and the last administrador. */
export async function disableUser(ctx: ActionContext, input: { user_id: string; reason: string }): Promise<User> {
  requireScope(ctx, "users:write");
  requireWholeTenant(ctx);
  if (ctx.actor.kind === "user" && ctx.actor.id === input.user_id) throw new AppError("conflict", "nobody disables themselves");
  return tenantTx(ctx.db, ctx.tenantId, async (tx) => {
    const before = await requireUser(tx, ctx, input.user_id, "lock");
    if (before.state === "disabled") throw new AppError("conflict", "this user is disabled already");
    const person = tx.updateTable("person").where("tenant_id", "=", ctx.tenantId).where("user_id", "=", input.user_id);
    await keepAnAdministrator(tx, ctx.tenantId, () => person.set({ state: "disabled", state_reason: input.reason }).execute());
    await endSessions(tx, ctx, { userId: input.user_id, reason: "disabled" });
    await endLinks(tx, ctx, input.user_id);
    await appendAdminEntry(tx, ctx, {
      action: "user.disable",
      target: { kind: "user", id: input.user_id },
      detail: { before: before.state, reason: input.reason },
    });
    return requireUser(tx, ctx, input.user_id);
  });
}
