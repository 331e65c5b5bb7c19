import type { Selectable } from "kysely";
import type { Token } from "../../contract/token.ts";
import type { Token as TokenTable } from "../../db/types.generated.ts";
import { isoOrNull } from "../instants.ts";

/** Never digest or pepper_id: a token's digest leaves the store for the gateway's snapshot alone. */
export const tokenColumns = [
  "token.token_id",
  "token.access_id",
  "token.hint",
  "token.own",
  "token.state",
  "token.expires_at",
  "token.retiring_until",
  "token.ended_at",
  "token.ended_reason",
  "token.created_at",
] as const;

type Column<Name extends string> = Name extends `token.${infer Rest}` ? Rest : never;
export type TokenRow = Pick<Selectable<TokenTable>, Column<(typeof tokenColumns)[number]>>;

export function tokenOf(row: TokenRow, lastUse: Token["last_use"]): Token {
  return {
    ...row,
    expires_at: isoOrNull(row.expires_at),
    retiring_until: isoOrNull(row.retiring_until),
    ended_at: isoOrNull(row.ended_at),
    created_at: row.created_at.toISOString(),
    last_use: lastUse,
  };
}
