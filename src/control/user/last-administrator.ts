import { sql } from "kysely";
import { AppError } from "../../contract/errors.ts";
import type { User } from "../../contract/user.ts";
import type { Tx } from "../../db/database.ts";

/** After a change to an active administrador: refuses (`conflict`) it when none is left. Concurrent changes queue. */
export async function requireAnAdministrator(tx: Tx, tenantId: string, before: User): Promise<void> {
  if (before.state !== "active" || !before.roles.includes("administrador")) return;
  await sql`SELECT pg_advisory_xact_lock(hashtextextended(${`aqueduto.administrators/${tenantId}`}, 0))`.execute(tx);
  if (!(await hasAdministrator(tx, tenantId))) throw new AppError("conflict", "the last administrador stays");
}

/** Whether an active administrador exists. */
export async function hasAdministrator(tx: Tx, tenantId: string): Promise<boolean> {
  const row = await tx
    .selectFrom("person")
    .select("user_id")
    .where("tenant_id", "=", tenantId)
    .where("state", "=", "active")
    .where(sql<boolean>`'administrador' = ANY (roles)`)
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}
