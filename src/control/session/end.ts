import { AppError } from "../../contract/errors.ts";
import { tenantTx } from "../../db/tx.ts";
import type { ActionContext } from "../context.ts";
import { requireWholeTenant } from "../partner-scope.ts";
import { requireScope } from "../require-scope.ts";
import { hasFactors } from "../sign-in/factors.ts";
import { endSessions } from "./end-sessions.ts";
import { requireSession } from "./require-session.ts";

/**
 * Ends one of the person's own sessions, or another user's for who may change users; `not-found` for any other.
 * `second-factor-required` for another session than the one that asks, while a second factor is still asked of it: a
 * stolen password throws nobody out.
 */
export async function endSession(ctx: ActionContext, input: { session_id: string }): Promise<{ session_id: string }> {
  requireScope(ctx, "account:own");
  const { userId, sessionId, secondFactorAt } = requireSession(ctx);
  const everybody = ctx.scopes.includes("users:write");
  return tenantTx(ctx.db, ctx.tenantId, async (tx) => {
    const row = await tx
      .selectFrom("session")
      .select("user_id")
      .where("tenant_id", "=", ctx.tenantId)
      .where("session_id", "=", input.session_id)
      .executeTakeFirst();
    if (row === undefined || (row.user_id !== userId && !everybody)) throw new AppError("not-found");
    if (input.session_id !== sessionId && secondFactorAt === null && (await hasFactors(tx, ctx.tenantId, userId)))
      throw new AppError("second-factor-required");
    await endSessions(tx, ctx, { userId: row.user_id, reason: "ended", only: input.session_id });
    return { session_id: input.session_id };
  });
}

/** Ends the session that asks. */
export async function signOut(ctx: ActionContext): Promise<{ session_id: string }> {
  requireScope(ctx, "account:own");
  const { userId, sessionId } = requireSession(ctx);
  await tenantTx(ctx.db, ctx.tenantId, (tx) => endSessions(tx, ctx, { userId, reason: "sign_out", only: sessionId }));
  return { session_id: sessionId };
}

/** Ends every session of a user. */
export async function endUserSessions(ctx: ActionContext, input: { user_id: string; reason: string }): Promise<{ ended: number }> {
  requireScope(ctx, "users:write");
  requireWholeTenant(ctx);
  return tenantTx(ctx.db, ctx.tenantId, async (tx) => {
    const row = await tx
      .selectFrom("person")
      .select("user_id")
      .where("tenant_id", "=", ctx.tenantId)
      .where("user_id", "=", input.user_id)
      .executeTakeFirst();
    if (row === undefined) throw new AppError("not-found");
    return { ended: await endSessions(tx, ctx, { userId: input.user_id, reason: "ended" }) };
  });
}
