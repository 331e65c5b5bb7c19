import { sql } from "kysely";
import type { Role } from "../../contract/roles.ts";
import type { User } from "../../contract/user.ts";
import { tenantTx } from "../../db/tx.ts";
import type { ActionContext } from "../context.ts";
import { limitOf, pageOf, type Page, type PageQuery } from "../page.ts";
import { visiblePartners } from "../partner-scope.ts";
import { requireScope } from "../require-scope.ts";
import { personColumns, usersOf } from "./row.ts";

export type UserQuery = PageQuery & { state?: User["state"]; role?: Role; partner_id?: string };

/** Users of the tenant, or of one state, role or partner, newest first. */
export async function listUsers(ctx: ActionContext, query: UserQuery): Promise<Page<User>> {
  requireScope(ctx, "users:read");
  const visible = visiblePartners(ctx);
  const users = await tenantTx(ctx.db, ctx.tenantId, async (tx) => {
    let select = tx.selectFrom("person").select(personColumns).where("tenant_id", "=", ctx.tenantId);
    if (visible !== undefined) select = select.where(sql<boolean>`partner_ids && ${[...visible]}::text[]`);
    if (query.state !== undefined) select = select.where("state", "=", query.state);
    if (query.role !== undefined) select = select.where(sql<boolean>`${query.role} = ANY (roles)`);
    if (query.partner_id !== undefined) select = select.where(sql<boolean>`${query.partner_id} = ANY (partner_ids)`);
    if (query.cursor !== undefined) select = select.where("user_id", "<", query.cursor);
    const rows = await select
      .orderBy("user_id", "desc")
      .limit(limitOf(query) + 1)
      .execute();
    return usersOf(tx, ctx, rows);
  });
  return pageOf(users, query, { item: (user) => user, cursor: (user) => user.user_id });
}
