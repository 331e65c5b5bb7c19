import { sql } from "kysely";
import { isRole, mayApprove } from "../../contract/roles.ts";
import type { Tx } from "../../db/database.ts";

/**
 * How many people of the tenant, besides this one, may approve, or could within the last seven days: whoever puts the others
 * away does not approve alone at once, and those who read the audit have a week to see it.
 */
export async function otherApprovers(tx: Tx, tenantId: string, person: string): Promise<number> {
  const people = await tx
    .selectFrom("person")
    .select(["user_id", "roles", "state"])
    .where("tenant_id", "=", tenantId)
    .where("user_id", "!=", person)
    .where("state", "!=", "invited")
    .execute();
  const lost = await lostRoles(tx, tenantId);
  return people.filter(({ user_id, roles, state }) => {
    const before = lost.filter((one) => one.userId === user_id);
    const wasActive = state === "active" || before.some((one) => one.disabled);
    return wasActive && [...roles, ...before.flatMap((one) => one.roles)].some((role) => isRole(role) && mayApprove(role));
  }).length;
}

type Lost = { userId: string; disabled: boolean; roles: string[] };

/** Who was active until they were disabled, and which roles whose were changed, within the last seven days. */
async function lostRoles(tx: Tx, tenantId: string): Promise<Lost[]> {
  const { rows } = await sql<{ user_id: string; action: string; before: unknown }>`
    SELECT target_id AS user_id, action, detail -> 'before' AS before
      FROM admin_entry
     WHERE tenant_id = ${tenantId} AND target_kind = 'user' AND action IN ('user.disable', 'user.roles')
       AND target_id IN (SELECT user_id FROM person WHERE tenant_id = ${tenantId})
       AND at > now() - interval '7 days'`.execute(tx);
  return rows.map(({ user_id, action, before }) => ({
    userId: user_id,
    disabled: action === "user.disable" && before === "active",
    roles: action === "user.roles" && Array.isArray(before) ? before.map(String) : [],
  }));
}
