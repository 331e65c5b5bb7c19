import type { Selectable } from "kysely";
import type { Access } from "../../contract/access.ts";
import type { Access as AccessTable } from "../../db/types.generated.ts";
import { isoOrNull } from "../instants.ts";

export const accessColumns = [
  "access_id",
  "client_id",
  "license_id",
  "kind",
  "mode",
  "cidrs",
  "origins",
  "state",
  "expires_at",
  "created_at",
] as const;

type AccessRow = Pick<Selectable<AccessTable>, (typeof accessColumns)[number]>;

export function accessOf(row: AccessRow): Access {
  return { ...row, expires_at: isoOrNull(row.expires_at), created_at: row.created_at.toISOString() };
}
