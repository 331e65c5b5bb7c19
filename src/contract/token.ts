import Type, { type Static } from "typebox";
import { Id, Instant, Mode, nullable, page, sortedPageQuery, strict, text } from "./fields.ts";
import { PolicyInForce, Revoking } from "./policy-in-force.ts";
import type { Route } from "./route.ts";

/** Where a token was last used; some seconds behind. `address` and `agent` are null for those who may not see them. */
const LastUse = Type.Object({
  at: Instant,
  /** Null: no known operation was asked for. */
  operation_id: nullable(Type.String()),
  /** HTTP status of the answer. */
  status: Type.Integer(),
  address: nullable(Type.String()),
});

export const Token = Type.Object({
  token_id: Id,
  access_id: Id,
  /** Last four characters of the token; of its SHA-256 in hexadecimal where the client made it. */
  hint: Type.String(),
  /** The client made it and registered its SHA-256. */
  own: Type.Boolean(),
  state: Type.Enum(["live", "retiring", "ended"]),
  expires_at: nullable(Instant),
  retiring_until: nullable(Instant),
  ended_at: nullable(Instant),
  ended_reason: nullable(Type.String()),
  created_at: Instant,
  last_use: nullable(LastUse),
});
export type Token = Static<typeof Token>;

/** A token with its use per operation, the latest first: who still calls with it. */
const TokenDetail = Type.Object({
  ...Token.properties,
  uses: Type.Array(Type.Object({ ...LastUse.properties, calls: Type.Integer(), first_at: Instant, agent: nullable(Type.String()) })),
});
export type TokenDetail = Static<typeof TokenDetail>;

/** When the token ends; null = with its access. */
export const TokenChange = strict({ expires_at: nullable(Instant) });
export type TokenChange = Static<typeof TokenChange>;

const ChangedToken = Type.Object({ token_id: Id, access_id: Id, expires_at: nullable(Instant), ...Revoking.properties });
export type ChangedToken = Static<typeof ChangedToken>;

export const NewToken = strict({ expires_at: Type.Optional(Instant) });
export type NewToken = Static<typeof NewToken>;

/** `token` is shown in this reply and never again. */
export const CreatedToken = Type.Object({
  token: Type.String(),
  token_id: Id,
  access_id: Id,
  mode: Mode,
  expires_at: nullable(Instant),
  ...PolicyInForce.properties,
});
export type CreatedToken = Static<typeof CreatedToken>;

/**
 * How long the token before stays valid: `0` = not at all, `15m`, `1h`, `24h`, or an instant at most 30 days ahead;
 * never beyond the end of the license.
 */
export const Regenerate = strict({
  overlap: Type.Union([Type.Enum(["0", "15m", "1h", "24h"]), Instant]),
  expires_at: Type.Optional(Instant),
});
export type Regenerate = Static<typeof Regenerate>;

export const RegeneratedToken = Type.Object({
  token: Type.String(),
  token_id: Id,
  access_id: Id,
  mode: Mode,
  expires_at: nullable(Instant),
  /** Until when the token before still works; null when it no longer does. */
  retiring_until: nullable(Instant),
  ...Revoking.properties,
});
export type RegeneratedToken = Static<typeof RegeneratedToken>;

/**
 * A token that the client made itself: SHA-256 of the value, 64 hexadecimal digits in lower case. The value is 43 to 128
 * characters of `A-Z a-z 0-9 _ -`, does not begin with `aq_`, and never reaches the platform before its first call.
 * `overlap` replaces a live token, as regenerate does.
 */
export const RegisterToken = strict({
  sha256: text(200),
  overlap: Type.Optional(Type.Union([Type.Enum(["0", "15m", "1h", "24h"]), Instant])),
  expires_at: Type.Optional(Instant),
});
export type RegisterToken = Static<typeof RegisterToken>;

const RegisteredToken = Type.Object({
  token_id: Id,
  access_id: Id,
  mode: Mode,
  expires_at: nullable(Instant),
  retiring_until: nullable(Instant),
  ...Revoking.properties,
});
export type RegisteredToken = Static<typeof RegisteredToken>;

export const Revoke = strict({ reason: text(200) });
export type Revoke = Static<typeof Revoke>;

export const RevokedToken = Type.Object({
  token_id: Id,
  access_id: Id,
  ended_at: Instant,
  ended_reason: Type.String(),
  ...Revoking.properties,
});
export type RevokedToken = Static<typeof RevokedToken>;

export const tokenRoutes = {
  "GET /v1/tokens": {
    summary: "List tokens, newest first by default; their values are never shown",
    permission: "tokens:read",
    query: strict({
      ...sortedPageQuery,
      access_id: Type.Optional(Id),
      license_id: Type.Optional(Id),
      client_id: Type.Optional(Id),
      state: Type.Optional(Type.Enum(["live", "retiring", "ended"])),
    }),
    reply: page(Token),
    status: 200,
    errors: [],
  },
  "GET /v1/tokens/{token_id}": {
    summary: "Show a token and who still uses it; never its value",
    permission: "tokens:read",
    params: strict({ token_id: Id }),
    reply: TokenDetail,
    status: 200,
    errors: [],
    etag: ["token_id", "state", "expires_at", "retiring_until", "ended_at"],
  },
  "PATCH /v1/tokens/{token_id}": {
    summary: "Change when a token ends",
    permission: "tokens:write",
    params: strict({ token_id: Id }),
    body: TokenChange,
    reply: ChangedToken,
    status: 200,
    errors: ["conflict"],
    ifMatch: "GET /v1/tokens/{token_id}",
  },
  "POST /v1/accesses/{access_id}/tokens": {
    summary: "Create the token of an access that has no live one",
    permission: "tokens:write",
    params: strict({ access_id: Id }),
    body: NewToken,
    reply: CreatedToken,
    status: 201,
    errors: ["conflict"],
    creates: { shownOnce: ["token"] },
  },
  "POST /v1/accesses/{access_id}/tokens/register": {
    summary: "Register a token that the client made itself, by its SHA-256 alone; five tries an hour",
    permission: "tokens:write",
    params: strict({ access_id: Id }),
    body: RegisterToken,
    reply: RegisteredToken,
    status: 201,
    errors: ["conflict", "too-many-tries"],
    creates: true,
  },
  "POST /v1/accesses/{access_id}/tokens/regenerate": {
    summary: "Replace the live token of an access; 202 while some node has not confirmed the change",
    permission: "tokens:write",
    params: strict({ access_id: Id }),
    body: Regenerate,
    reply: RegeneratedToken,
    status: 200,
    errors: ["conflict"],
    creates: { shownOnce: ["token"] },
  },
  "POST /v1/tokens/{token_id}/revoke": {
    summary: "End a token for good; 202 while some node has not confirmed the change",
    permission: "tokens:write",
    params: strict({ token_id: Id }),
    body: Revoke,
    reply: RevokedToken,
    status: 200,
    errors: [],
  },
} as const satisfies Record<string, Route>;
