import { appendAdminEntry } from "../../audit/append.ts";
import type { User, UserRoles } from "../../contract/user.ts";
import { tenantTx } from "../../db/tx.ts";
import type { ActionContext } from "../context.ts";
import { requireScope } from "../require-scope.ts";
import { endSessions } from "../session/end-sessions.ts";
import { checkRoles, requireKnownPartners, requireMayGive } from "./check-roles.ts";
import { requireUser } from "./find.ts";
import { keepAnAdministrator } from "./last-administrator.ts";

/** Replaces a user's roles and partners; their sessions end. `conflict` when no administrador would be left. */
export async function changeUserRoles(ctx: ActionContext, input: UserRoles & { user_id: string }): Promise<User> {
  requireScope(ctx, "users:write");
  checkRoles(input);
  requireMayGive(ctx, input.roles);
  return tenantTx(ctx.db, ctx.tenantId, async (tx) => {
    const before = await requireUser(tx, ctx, input.user_id, "lock");
    requireMayGive(ctx, before.roles);
    const partnerIds = input.partner_ids ?? [];
    await requireKnownPartners(tx, ctx.tenantId, partnerIds);
    const person = tx.updateTable("person").where("tenant_id", "=", ctx.tenantId).where("user_id", "=", input.user_id);
    const after = { roles: [...input.roles], partner_ids: [...partnerIds] };
    await keepAnAdministrator(tx, ctx.tenantId, () => person.set(after).execute());
    await endSessions(tx, ctx, { userId: input.user_id, reason: "roles" });
    await appendAdminEntry(tx, ctx, {
      action: "user.roles",
      target: { kind: "user", id: input.user_id },
      before: { roles: before.roles, partner_ids: before.partner_ids },
      after,
      detail: { before: before.roles, after: input.roles, partner_ids: partnerIds },
    });
    return requireUser(tx, ctx, input.user_id);
  });
}
