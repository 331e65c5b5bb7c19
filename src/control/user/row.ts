import type { Selectable } from "kysely";
import { isRole, type Role } from "../../contract/roles.ts";
import type { User } from "../../contract/user.ts";
import type { Tx } from "../../db/database.ts";
import type { Person } from "../../db/types.generated.ts";
import type { Keyring } from "../../platform/keyring.ts";
import { openSealed, seal } from "../../platform/seal.ts";
import type { ActionContext } from "../context.ts";
import { isoOrNull } from "../instants.ts";
import { maskEmail, maskName } from "./mask.ts";

/** Never password, email_hash or pepper_id. */
export const personColumns = [
  "user_id",
  "email_sealed",
  "name_sealed",
  "roles",
  "partner_ids",
  "state",
  "state_reason",
  "created_at",
  "last_sign_in_at",
] as const;

type PersonRow = Pick<Selectable<Person>, (typeof personColumns)[number]>;

/** The users of these rows as this actor may see them: who may not change users sees e-mail and name masked. */
export async function usersOf(tx: Tx, ctx: ActionContext, rows: readonly PersonRow[]): Promise<User[]> {
  const counts = await factorCounts(
    tx,
    ctx.tenantId,
    rows.map((row) => row.user_id),
  );
  const clear = ctx.scopes.includes("users:write") || ctx.scopes.includes("operator");
  return rows.map((row) => {
    const email = openEmail(ctx.keyring, row);
    const name = openSealed(ctx.keyring, row.name_sealed, `person.name:${row.user_id}`).toString();
    return {
      user_id: row.user_id,
      email: clear ? email : maskEmail(email),
      name: clear ? name : maskName(name),
      roles: rolesOf(row.roles),
      partner_ids: row.partner_ids,
      state: row.state,
      state_reason: row.state_reason,
      second_factors: counts.get(row.user_id) ?? 0,
      created_at: row.created_at.toISOString(),
      last_sign_in_at: isoOrNull(row.last_sign_in_at),
    };
  });
}

/** The sealed columns of a person. */
export function sealedPerson(keyring: Keyring, of: { userId: string; email: string; name: string }) {
  return {
    email_sealed: seal(keyring.data, of.email, `person.email:${of.userId}`),
    name_sealed: seal(keyring.data, of.name, `person.name:${of.userId}`),
  };
}

/** The e-mail of a row. */
export function openEmail(keyring: Keyring, row: { user_id: string; email_sealed: Buffer }): string {
  return openSealed(keyring, row.email_sealed, `person.email:${row.user_id}`).toString();
}

/** Roles that this release does not know give nothing. */
export function rolesOf(names: readonly string[]): Role[] {
  return names.filter(isRole);
}

async function factorCounts(tx: Tx, tenantId: string, userIds: readonly string[]): Promise<Map<string, number>> {
  if (userIds.length === 0) return new Map();
  const rows = await tx
    .selectFrom("factor")
    .select((select) => ["user_id", select.fn.countAll<bigint>().as("count")])
    .where("tenant_id", "=", tenantId)
    .where("user_id", "in", userIds)
    .where("state", "=", "active")
    .groupBy("user_id")
    .execute();
  return new Map(rows.map((row) => [row.user_id, Number(row.count)]));
}
