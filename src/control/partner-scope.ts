import { AppError } from "../contract/errors.ts";
import type { ActionContext } from "./context.ts";

type Scoped = Pick<ActionContext, "partnerIds">;

/** The only partners whose rows this actor may see or change; undefined = every partner of the tenant. */
export function visiblePartners(ctx: Scoped): readonly string[] | undefined {
  // no partner has the empty id, and no SQL list is empty
  return ctx.partnerIds?.length === 0 ? [""] : ctx.partnerIds;
}

/** Refuses (`not-found`, as if it were not there) a partner whose rows this actor may not see or change. */
export function requirePartner(ctx: Scoped, partnerId: string): void {
  const visible = visiblePartners(ctx);
  if (visible !== undefined && !visible.includes(partnerId)) throw new AppError("not-found");
}

/** Refuses (`not-found`) an actor who sees some partners' rows only: what belongs to no partner is not theirs. */
export function requireWholeTenant(ctx: Scoped): void {
  if (visiblePartners(ctx) !== undefined) throw new AppError("not-found");
}

/** The id of the signed-in person who acts. Refuses (`forbidden`) API keys and jobs: they may submit, never approve. */
export function requirePerson(ctx: Pick<ActionContext, "actor">): string {
  if (ctx.actor.kind !== "user") throw new AppError("forbidden", "only a signed-in person may do this, not an API key");
  return ctx.actor.id;
}
