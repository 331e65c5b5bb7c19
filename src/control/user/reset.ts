import { appendAdminEntry } from "../../audit/append.ts";
import { AppError } from "../../contract/errors.ts";
import type { Tx } from "../../db/database.ts";
import { tenantTx } from "../../db/tx.ts";
import type { ActionContext } from "../context.ts";
import { requireScope } from "../require-scope.ts";
import { endSessions } from "../session/end-sessions.ts";
import { requireMayGive } from "./check-roles.ts";
import { requireUser } from "./find.ts";
import type { LinkFor } from "./invite.ts";
import { keepAnAdministrator } from "./last-administrator.ts";
import { makeLink } from "./link.ts";

/**
 * Gives a user who cannot sign in any more, or never did, a new one-time link. Sessions, password, second factors and
 * recovery codes end at once. `conflict` for oneself, a disabled user, and the last administrador who can sign in.
 */
export async function resetUser(ctx: ActionContext, input: { user_id: string; reason: string }): Promise<LinkFor> {
  requireScope(ctx, "users:write");
  if (ctx.actor.kind === "user" && ctx.actor.id === input.user_id) throw new AppError("conflict", "nobody resets themselves");
  return tenantTx(ctx.db, ctx.tenantId, async (tx) => {
    const user = await requireUser(tx, ctx, input.user_id, "lock");
    requireMayGive(ctx, user.roles);
    if (user.state === "disabled") throw new AppError("conflict", "this user is disabled: enable them first");
    await endSessions(tx, ctx, { userId: input.user_id, reason: "reset" });
    await keepAnAdministrator(tx, ctx.tenantId, () => forgetFactors(tx, ctx, input.user_id));
    await appendAdminEntry(tx, ctx, {
      action: "user.reset",
      target: { kind: "user", id: input.user_id },
      detail: { reason: input.reason, factors: user.second_factors },
    });
    const kind = user.state === "invited" ? "invite" : "reset";
    return { user_id: input.user_id, link: await makeLink(tx, ctx, { kind, userId: input.user_id }) };
  });
}

async function forgetFactors(tx: Tx, ctx: ActionContext, userId: string): Promise<void> {
  await tx
    .updateTable("person")
    .set({ password: null, password_at: null })
    .where("tenant_id", "=", ctx.tenantId)
    .where("user_id", "=", userId)
    .execute();
  await tx
    .updateTable("factor")
    .set({ state: "ended", ended_at: ctx.clock.now() })
    .where("tenant_id", "=", ctx.tenantId)
    .where("user_id", "=", userId)
    .where("state", "<>", "ended")
    .execute();
  await tx.deleteFrom("recovery_code").where("tenant_id", "=", ctx.tenantId).where("user_id", "=", userId).execute();
}
