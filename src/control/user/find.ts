import { AppError } from "../../contract/errors.ts";
import type { User } from "../../contract/user.ts";
import type { Tx } from "../../db/database.ts";
import type { ActionContext } from "../context.ts";
import { visiblePartners } from "../partner-scope.ts";
import { personColumns, usersOf } from "./row.ts";

/** A user as this actor may see them; `not-found`. With `lock`, the row stays as read until the transaction ends. */
export async function requireUser(tx: Tx, ctx: ActionContext, userId: string, lock?: "lock"): Promise<User> {
  const row = await tx
    .selectFrom("person")
    .select(personColumns)
    .where("tenant_id", "=", ctx.tenantId)
    .where("user_id", "=", userId)
    .$if(lock !== undefined, (select) => select.forNoKeyUpdate())
    .executeTakeFirst();
  const [user] = row === undefined ? [] : await usersOf(tx, ctx, [row]);
  if (user === undefined || !isVisible(ctx, user)) throw new AppError("not-found");
  return user;
}

function isVisible(ctx: ActionContext, user: User): boolean {
  const visible = visiblePartners(ctx);
  return visible === undefined || user.partner_ids.some((id) => visible.includes(id));
}
