import type { Selectable } from "kysely";
import type { Token } from "../../contract/token.ts";
import type { Token as TokenTable } from "../../db/types.generated.ts";
import { isoOrNull } from "../instants.ts";

/** Never digest or pepper_id: a token's digest leaves the store for the gateway's snapshot alone. */
export const tokenColumns = [
  "token_id",
  "access_id",
  "hint",
  "state",
  "expires_at",
  "retiring_until",
  "ended_at",
  "ended_reason",
  "created_at",
] as const;

type TokenRow = Pick<Selectable<TokenTable>, (typeof tokenColumns)[number]>;

export function tokenOf(row: TokenRow): Token {
  return {
    ...row,
    expires_at: isoOrNull(row.expires_at),
    retiring_until: isoOrNull(row.retiring_until),
    ended_at: isoOrNull(row.ended_at),
    created_at: row.created_at.toISOString(),
  };
}
