import type { Selectable } from "kysely";
import type { ApiKey } from "../../contract/api-key.ts";
import type { ApiKey as ApiKeyTable } from "../../db/types.generated.ts";
import { isoOrNull } from "../instants.ts";

/** Never digest or pepper_id. */
export const apiKeyColumns = [
  "key_id",
  "name",
  "scopes",
  "event_types",
  "partner_ids",
  "state",
  "created_at",
  "created_by",
  "expires_at",
  "ended_at",
  "ended_reason",
] as const;

type ApiKeyRow = Pick<Selectable<ApiKeyTable>, (typeof apiKeyColumns)[number]>;

export function apiKeyOf(row: ApiKeyRow): ApiKey {
  return { ...row, created_at: row.created_at.toISOString(), expires_at: isoOrNull(row.expires_at), ended_at: isoOrNull(row.ended_at) };
}
