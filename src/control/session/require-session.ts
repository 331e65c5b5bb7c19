import { AppError } from "../../contract/errors.ts";
import type { ActionContext } from "../context.ts";

/** The signed-in person and their session; `forbidden` for whoever has none. */
export function requireSession(ctx: Pick<ActionContext, "actor" | "session">): {
  userId: string;
  sessionId: string;
  secondFactorAt: Date | null;
} {
  if (ctx.actor.kind !== "user" || ctx.session === undefined) {
    throw new AppError("forbidden", "only a signed-in person may do this, not an API key");
  }
  return { userId: ctx.actor.id, ...ctx.session };
}
