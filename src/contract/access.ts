import Type, { type Static } from "typebox";
import { ActiveState, Id, Instant, Mode, nullable, page, pageQuery, strict, text } from "./fields.ts";
import type { Route } from "./route.ts";

const Kind = Type.Enum(["publishable", "confidential"]);

export const Access = Type.Object({
  access_id: Id,
  client_id: Id,
  license_id: Id,
  kind: Kind,
  mode: Mode,
  cidrs: Type.Array(Type.String()),
  origins: Type.Array(Type.String()),
  state: ActiveState,
  expires_at: nullable(Instant),
  created_at: Instant,
});
export type Access = Static<typeof Access>;

export const NewAccess = strict({
  client_id: Id,
  license_id: Id,
  kind: Kind,
  mode: Mode,
  /** Networks a confidential access may call from; empty = any, where the license reaches no personal class. */
  cidrs: Type.Optional(Type.Array(text(50), { maxItems: 50 })),
  /** Web origins a publishable access may call from: scheme, host and port, no path. */
  origins: Type.Optional(Type.Array(text(300), { maxItems: 50 })),
  expires_at: Type.Optional(Instant),
});
export type NewAccess = Static<typeof NewAccess>;

export const accessRoutes = {
  "POST /v1/accesses": {
    summary: "Create the access of a client to a license",
    permission: "accesses:write",
    body: NewAccess,
    reply: Access,
    status: 201,
    errors: ["conflict"],
  },
  "GET /v1/accesses": {
    summary: "List accesses, newest first",
    permission: "accesses:read",
    query: strict({ ...pageQuery, license_id: Type.Optional(Id), client_id: Type.Optional(Id) }),
    reply: page(Access),
    status: 200,
    errors: [],
  },
  "GET /v1/accesses/{access_id}": {
    summary: "Show an access",
    permission: "accesses:read",
    params: strict({ access_id: Id }),
    reply: Access,
    status: 200,
    errors: [],
  },
} as const satisfies Record<string, Route>;
