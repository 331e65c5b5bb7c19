import type { Selectable } from "kysely";
import type { IdentityProvider, RoleMapping } from "../../contract/identity-provider.ts";
import type { IdentityProvider as ProviderTable, JsonValue } from "../../db/types.generated.ts";

/** Never client_secret_sealed. */
export const providerColumns = [
  "provider_id",
  "name",
  "issuer",
  "client_id",
  "email_domains",
  "role_claim",
  "role_map",
  "trusts_second_factor",
  "state",
  "created_at",
] as const;

type ProviderRow = Pick<Selectable<ProviderTable>, (typeof providerColumns)[number]>;

export function providerOf(row: ProviderRow): IdentityProvider {
  return { ...row, role_map: storedRoleMap(row.role_map), created_at: row.created_at.toISOString() };
}

/** Role maps are written by create alone, from a body that the contract checked. */
export function storedRoleMap(value: JsonValue): RoleMapping[] {
  return value as RoleMapping[];
}
