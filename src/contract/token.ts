import Type, { type Static } from "typebox";
import { Id, Instant, Mode, nullable, page, pageQuery, strict, text } from "./fields.ts";
import { PolicyInForce } from "./policy-in-force.ts";
import type { Route } from "./route.ts";

export const Token = Type.Object({
  token_id: Id,
  access_id: Id,
  /** Last four characters of the token. */
  hint: Type.String(),
  state: Type.Enum(["live", "retiring", "ended"]),
  expires_at: nullable(Instant),
  retiring_until: nullable(Instant),
  ended_at: nullable(Instant),
  ended_reason: nullable(Type.String()),
  created_at: Instant,
});
export type Token = Static<typeof Token>;

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
  ...PolicyInForce.properties,
});
export type RegeneratedToken = Static<typeof RegeneratedToken>;

export const Revoke = strict({ reason: text(200) });
export type Revoke = Static<typeof Revoke>;

export const RevokedToken = Type.Object({
  token_id: Id,
  access_id: Id,
  ended_at: Instant,
  ended_reason: Type.String(),
  ...PolicyInForce.properties,
});
export type RevokedToken = Static<typeof RevokedToken>;

export const tokenRoutes = {
  "GET /v1/tokens": {
    summary: "List tokens, newest first; their values are never shown",
    permission: "tokens:read",
    query: strict({ ...pageQuery, access_id: Type.Optional(Id) }),
    reply: page(Token),
    status: 200,
    errors: [],
  },
  "POST /v1/accesses/{access_id}/tokens": {
    summary: "Create the token of an access that has no live one",
    permission: "tokens:write",
    params: strict({ access_id: Id }),
    body: NewToken,
    reply: CreatedToken,
    status: 201,
    errors: ["conflict"],
  },
  "POST /v1/accesses/{access_id}/tokens/regenerate": {
    summary: "Replace the live token of an access; 202 while some node has not confirmed the change",
    permission: "tokens:write",
    params: strict({ access_id: Id }),
    body: Regenerate,
    reply: RegeneratedToken,
    status: 200,
    errors: ["conflict"],
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
