import { appendAdminEntry } from "../../audit/append.ts";
import type { Tx } from "../../db/database.ts";
import { newId } from "../../platform/ids.ts";
import type { ActionContext } from "../context.ts";
import { absoluteMs, pendingMs } from "./times.ts";
import { newSessionToken, sessionDigest } from "./token.ts";

export type SignInMethod = "password" | "passkey" | "link" | "oidc";

/** A session that was just opened; `token` goes into the cookie and nowhere else. */
export type OpenedSession = { token: string; session_id: string };

type Who = Pick<ActionContext, "tenantId" | "requestId" | "clock">;
type Opening = {
  userId: string;
  method: SignInMethod;
  secondFactorAt: Date | null;
  /** Whether a second factor is still asked of this session: then it is short. */
  awaitsFactor: boolean;
  /** A session that this one replaces ends no later than it would have. */
  notAfter?: Date;
};

/** Opens a session of a user and notes the sign-in. */
export async function openSession(tx: Tx, ctx: Who, of: Opening): Promise<OpenedSession> {
  const now = ctx.clock.now();
  const session = { token: newSessionToken(), session_id: newId("ses") };
  const end = new Date(Math.min(now.getTime() + (of.awaitsFactor ? pendingMs : absoluteMs), of.notAfter?.getTime() ?? Infinity));
  await tx
    .insertInto("session")
    .values({
      tenant_id: ctx.tenantId,
      session_id: session.session_id,
      user_id: of.userId,
      digest: sessionDigest(session.token) ?? Buffer.alloc(0),
      method: of.method,
      created_at: now,
      last_seen_at: now,
      expires_at: end,
      second_factor_at: of.secondFactorAt,
    })
    .execute();
  await tx
    .updateTable("person")
    .set({ last_sign_in_at: now })
    .where("tenant_id", "=", ctx.tenantId)
    .where("user_id", "=", of.userId)
    .execute();
  await appendAdminEntry(
    tx,
    { tenantId: ctx.tenantId, requestId: ctx.requestId, actor: { kind: "user", id: of.userId } },
    {
      action: "session.start",
      target: { kind: "session", id: session.session_id },
      detail: { user_id: of.userId, method: of.method, second_factor: of.secondFactorAt !== null },
    },
  );
  return session;
}
