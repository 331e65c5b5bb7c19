import { type ExpressionBuilder, sql } from "kysely";
import { AppError } from "../../contract/errors.ts";
import type { Role } from "../../contract/roles.ts";
import type { Tx } from "../../db/database.ts";
import type { DB } from "../../db/types.generated.ts";

/** Makes a change after which an administrador can still sign in, if one could before; `conflict` else. Concurrent ones queue. */
export async function keepAnAdministrator(tx: Tx, tenantId: string, change: () => Promise<unknown>): Promise<void> {
  await lockAdministrators(tx, tenantId);
  const before = await hasAdministrator(tx, tenantId);
  await change();
  if (before && !(await hasAdministrator(tx, tenantId))) throw new AppError("conflict", "the last administrador who can sign in stays");
}

/** Whether a person is the only administrador who can sign in, and stays so until the transaction ends. */
export async function isLastAdministrator(
  tx: Tx,
  tenantId: string,
  of: { user_id: string; roles: readonly Role[]; state: string },
): Promise<boolean> {
  if (of.state !== "active" || !of.roles.includes("administrador")) return false;
  await lockAdministrators(tx, tenantId);
  return !(await hasAdministrator(tx, tenantId, of.user_id));
}

/** Whether an active administrador, other than `except`, can sign in: with a password, a passkey, or at an active provider. */
export async function hasAdministrator(tx: Tx, tenantId: string, except?: string): Promise<boolean> {
  const row = await tx
    .selectFrom("person")
    .select("user_id")
    .where("tenant_id", "=", tenantId)
    .where("state", "=", "active")
    .where(sql<boolean>`'administrador' = ANY (roles)`)
    .$if(except !== undefined, (select) => select.where("user_id", "<>", except ?? ""))
    .where((where) =>
      where.or([where("password", "is not", null), where.exists(passkeysOf(where)), where.exists(activeIdentitiesOf(where))]),
    )
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}

type OfPerson = ExpressionBuilder<DB, "person">;

function passkeysOf(where: OfPerson) {
  return where
    .selectFrom("factor")
    .select("factor_id")
    .whereRef("factor.tenant_id", "=", "person.tenant_id")
    .whereRef("factor.user_id", "=", "person.user_id")
    .where("factor.kind", "=", "passkey")
    .where("factor.state", "=", "active");
}

function activeIdentitiesOf(where: OfPerson) {
  return where
    .selectFrom("person_identity")
    .innerJoin("identity_provider", (join) =>
      join
        .onRef("identity_provider.tenant_id", "=", "person_identity.tenant_id")
        .onRef("identity_provider.provider_id", "=", "person_identity.provider_id"),
    )
    .select("person_identity.user_id")
    .whereRef("person_identity.tenant_id", "=", "person.tenant_id")
    .whereRef("person_identity.user_id", "=", "person.user_id")
    .where("identity_provider.state", "=", "active");
}

async function lockAdministrators(tx: Tx, tenantId: string): Promise<void> {
  await sql`SELECT pg_advisory_xact_lock(hashtextextended(${`aqueduto.administrators/${tenantId}`}, 0))`.execute(tx);
}
