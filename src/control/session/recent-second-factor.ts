import { AppError } from "../../contract/errors.ts";
import type { ActionContext } from "../context.ts";

/** How long a second factor counts as just given. */
export const stepUpMs = 15 * 60_000;

/**
 * Refuses (`second-factor-required`) a person who has not given a second factor within `maxAgeMs`; `forbidden` for an
 * API key, which has none. The platform's own work passes.
 */
export function requireRecentSecondFactor(ctx: Pick<ActionContext, "actor" | "session" | "clock">, maxAgeMs: number): void {
  if (ctx.actor.kind === "system") return;
  if (ctx.actor.kind !== "user") throw new AppError("forbidden", "only a signed-in person may do this, not an API key");
  const at = ctx.session?.secondFactorAt ?? null;
  if (at === null || ctx.clock.now().getTime() - at.getTime() > maxAgeMs) throw new AppError("second-factor-required");
}
