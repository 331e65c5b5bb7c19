import { appendAdminEntry } from "../../audit/append.ts";
import { AppError } from "../../contract/errors.ts";
import type { Tx } from "../../db/database.ts";
import type { ActionContext } from "../context.ts";
import { newDevice } from "./device.ts";
import { endSessions } from "./end-sessions.ts";
import { openSession } from "./open.ts";
import { requireSession } from "./require-session.ts";
import { signedIn } from "./signed-in.ts";
import type { SignedIn } from "../../contract/session.ts";

/** A session under its new secret, and what its browser is known by from here; both go into cookies and nowhere else. */
export type Strengthened = { reply: SignedIn; token: string; device: string };

/**
 * The session after a second factor was given: a new one with a new secret, so that whoever knew the secret before gets
 * nothing. It keeps its sign-in's absolute end.
 */
export async function strengthenSession(tx: Tx, ctx: ActionContext, by: { kind: string }): Promise<Strengthened> {
  const { userId, sessionId } = requireSession(ctx);
  const row = await tx
    .selectFrom("session")
    .select(["method", "expires_at", "second_factor_at"])
    .where("tenant_id", "=", ctx.tenantId)
    .where("session_id", "=", sessionId)
    .where("ended_at", "is", null)
    .forUpdate()
    .executeTakeFirst();
  if (row === undefined) throw new AppError("unauthorized");
  await endSessions(tx, ctx, { userId, reason: "rotated", only: sessionId });
  const opened = await openSession(tx, ctx, {
    userId,
    method: row.method,
    secondFactorAt: ctx.clock.now(),
    awaitsFactor: false,
    // a session that waited for its second factor was short; from here it has its whole time
    ...(row.second_factor_at === null ? {} : { notAfter: row.expires_at }),
  });
  await appendAdminEntry(tx, ctx, {
    action: "session.second_factor",
    target: { kind: "session", id: opened.session_id },
    detail: { user_id: userId, kind: by.kind, before: sessionId },
  });
  return { reply: await signedIn(tx, ctx.tenantId, opened), token: opened.token, device: newDevice(ctx, userId) };
}
