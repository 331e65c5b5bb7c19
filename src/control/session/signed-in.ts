import { scopesOf } from "../../contract/roles.ts";
import type { SignedIn } from "../../contract/session.ts";
import type { Tx } from "../../db/database.ts";
import { AppError } from "../../contract/errors.ts";
import { rolesOf } from "../user/row.ts";
import { csrfOf } from "./token.ts";

/** Who is signed in by a session, as the reply of a sign-in and of GET /v1/session tells it. */
export async function signedIn(tx: Tx, tenantId: string, of: { session_id: string; token: string }): Promise<SignedIn> {
  const row = await tx
    .selectFrom("session")
    .innerJoin("person", (join) => join.onRef("person.tenant_id", "=", "session.tenant_id").onRef("person.user_id", "=", "session.user_id"))
    .select(["session.user_id", "session.expires_at", "session.second_factor_at", "person.roles", "person.partner_ids"])
    .where("session.tenant_id", "=", tenantId)
    .where("session.session_id", "=", of.session_id)
    .executeTakeFirst();
  if (row === undefined) throw new AppError("unauthorized");
  const factors = await factorKinds(tx, tenantId, row.user_id);
  const roles = rolesOf(row.roles);
  return {
    user_id: row.user_id,
    tenant_id: tenantId,
    session_id: of.session_id,
    roles,
    scopes: row.second_factor_at === null ? ["account:own"] : scopesOf(roles),
    partner_ids: row.partner_ids,
    csrf: csrfOf(of.token),
    second_factor: row.second_factor_at !== null ? "given" : factors.length > 0 ? "needed" : "enroll",
    factors,
    second_factor_at: row.second_factor_at?.toISOString() ?? null,
    expires_at: row.expires_at.toISOString(),
  };
}

/** The kinds of second factor that a user can give now; recovery codes only beside another. */
export async function factorKinds(tx: Tx, tenantId: string, userId: string): Promise<SignedIn["factors"]> {
  const rows = await tx
    .selectFrom("factor")
    .select("kind")
    .distinct()
    .where("tenant_id", "=", tenantId)
    .where("user_id", "=", userId)
    .where("state", "=", "active")
    .orderBy("kind", "desc")
    .execute();
  if (rows.length === 0) return [];
  const code = await tx
    .selectFrom("recovery_code")
    .select("user_id")
    .where("tenant_id", "=", tenantId)
    .where("user_id", "=", userId)
    .where("used_at", "is", null)
    .limit(1)
    .executeTakeFirst();
  return [...rows.map((row) => row.kind), ...(code === undefined ? [] : (["recovery_code"] as const))];
}
