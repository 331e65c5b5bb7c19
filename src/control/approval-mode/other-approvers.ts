import { isRole, mayApprove } from "../../contract/roles.ts";
import type { Tx } from "../../db/database.ts";

/** How many active people of the tenant, besides this one, may approve. */
export async function otherApprovers(tx: Tx, tenantId: string, person: string): Promise<number> {
  const rows = await tx
    .selectFrom("person")
    .select("roles")
    .where("tenant_id", "=", tenantId)
    .where("user_id", "!=", person)
    .where("state", "=", "active")
    .execute();
  return rows.filter((row) => row.roles.some((role) => isRole(role) && mayApprove(role))).length;
}
