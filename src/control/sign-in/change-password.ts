import { appendAdminEntry } from "../../audit/append.ts";
import { AppError } from "../../contract/errors.ts";
import { tenantTx } from "../../db/tx.ts";
import type { ActionContext } from "../context.ts";
import { requireScope } from "../require-scope.ts";
import { endSessions } from "../session/end-sessions.ts";
import { requireRecentSecondFactor, stepUpMs } from "../session/recent-second-factor.ts";
import { requireSession } from "../session/require-session.ts";
import type { Caller } from "./context.ts";
import { checkNewPassword, checkPassword, hashPassword, inHashQueue } from "./password.ts";
import { personById } from "./person.ts";
import { beginTry, forgiveTry, refuseTry, triesOf } from "./tries.ts";

export type PasswordChange = { current: string; password: string } & Caller;

/** Changes one's password, with the one before and a second factor just given. The other sessions end. */
export async function changePassword(ctx: ActionContext, input: PasswordChange): Promise<{ ended_sessions: number }> {
  requireScope(ctx, "account:own");
  const { userId, sessionId } = requireSession(ctx);
  requireRecentSecondFactor(ctx, stepUpMs);
  return inHashQueue(() => changeAs(ctx, input, { userId, sessionId }));
}

async function changeAs(
  ctx: ActionContext,
  input: PasswordChange,
  of: { userId: string; sessionId: string },
): Promise<{ ended_sessions: number }> {
  const { userId, sessionId } = of;
  const person = await tenantTx(ctx.db, ctx.tenantId, (tx) => personById(tx, ctx, userId));
  if (person === undefined) throw new AppError("unauthorized");
  checkNewPassword(input.password, person.email);
  const tries = triesOf(ctx, input, { name: `password/${userId}`, userId });
  await beginTry(ctx, tries);
  if (!(await checkPassword(input.current, person.password))) return refuseTry(ctx, { userId, method: "password" });
  const password = await hashPassword(input.password);
  return tenantTx(ctx.db, ctx.tenantId, async (tx) => {
    await forgiveTry(tx, ctx, tries);
    const changed = await tx
      .updateTable("person")
      .set({ password, password_at: ctx.clock.now() })
      .where("tenant_id", "=", ctx.tenantId)
      .where("user_id", "=", userId)
      // another change came first
      .where("password", "=", person.password)
      .returning("user_id")
      .executeTakeFirst();
    if (changed === undefined) throw new AppError("sign-in-failed");
    const ended = await endSessions(tx, ctx, { userId, reason: "password", except: sessionId });
    await appendAdminEntry(tx, ctx, { action: "user.password", target: { kind: "user", id: userId }, detail: { ended_sessions: ended } });
    return { ended_sessions: ended };
  });
}
