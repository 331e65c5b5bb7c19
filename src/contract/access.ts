import Type, { type Static } from "typebox";
import { ActiveState, Id, Instant, Mode, nullable, page, sortedPageQuery, strict, text } from "./fields.ts";
import { PolicyInForce, Reason, Revoking } from "./policy-in-force.ts";
import type { Route } from "./route.ts";

const Kind = Type.Enum(["publishable", "confidential"]);
const Networks = Type.Array(text(50), { maxItems: 50 });
const Origins = Type.Array(text(300), { maxItems: 50 });

export const Access = Type.Object({
  access_id: Id,
  client_id: Id,
  license_id: Id,
  kind: Kind,
  mode: Mode,
  cidrs: Type.Array(Type.String()),
  origins: Type.Array(Type.String()),
  /** SHA-256 of the client certificate, 64 hexadecimal digits: the access is used with that one only. */
  certificate_sha256: nullable(Type.String()),
  /** Ed25519 public key of RFC 9421 signatures, base64url: each of its calls is signed. */
  signature_key: nullable(Type.String()),
  state: ActiveState,
  /** Who disabled it: what the utility disabled, its partner cannot enable. */
  disabled_by: nullable(Type.Enum(["utility", "partner"])),
  expires_at: nullable(Instant),
  created_at: Instant,
});
export type Access = Static<typeof Access>;

export const NewAccess = strict({
  client_id: Id,
  license_id: Id,
  kind: Kind,
  mode: Mode,
  /** Networks a confidential access may call from; empty = any, where it has another second factor or reaches no personal class. */
  cidrs: Type.Optional(Networks),
  /** Web origins a publishable access may call from: scheme, host and port, no path. */
  origins: Type.Optional(Origins),
  certificate_sha256: Type.Optional(text(100)),
  signature_key: Type.Optional(text(100)),
  expires_at: Type.Optional(Instant),
});
export type NewAccess = Static<typeof NewAccess>;

/** What is named is replaced whole; null takes away. */
export const AccessChange = strict({
  cidrs: Type.Optional(Networks),
  origins: Type.Optional(Origins),
  certificate_sha256: Type.Optional(nullable(text(100))),
  signature_key: Type.Optional(nullable(text(100))),
  expires_at: Type.Optional(nullable(Instant)),
});
export type AccessChange = Static<typeof AccessChange>;

const ChangedAccess = Type.Object({ access: Access, ...Revoking.properties });
export type ChangedAccess = Static<typeof ChangedAccess>;

/** `access_state` is the access's own; `state` is how far the change has got. */
const AccessState = Type.Object({ access_id: Id, access_state: ActiveState, ended_tokens: Type.Integer(), ...Revoking.properties });
export type AccessState = Static<typeof AccessState>;

const EnabledAccess = Type.Object({ access_id: Id, access_state: ActiveState, ...PolicyInForce.properties });

export const accessRoutes = {
  "POST /v1/accesses": {
    summary: "Create the access of a client to a license",
    permission: "accesses:write",
    body: NewAccess,
    reply: Access,
    status: 201,
    errors: ["conflict"],
    creates: true,
  },
  "GET /v1/accesses": {
    summary: "List accesses, newest first by default",
    permission: "accesses:read",
    query: strict({
      ...sortedPageQuery,
      license_id: Type.Optional(Id),
      client_id: Type.Optional(Id),
      partner_id: Type.Optional(Id),
      state: Type.Optional(ActiveState),
      kind: Type.Optional(Kind),
      mode: Type.Optional(Mode),
    }),
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
    etag: true,
  },
  "PATCH /v1/accesses/{access_id}": {
    summary: "Change networks, origins, second factors or the end of an access; its partner may only narrow it",
    permission: "accesses:write",
    params: strict({ access_id: Id }),
    body: AccessChange,
    reply: ChangedAccess,
    status: 200,
    errors: ["conflict"],
    ifMatch: "GET /v1/accesses/{access_id}",
  },
  "POST /v1/accesses/{access_id}/disable": {
    summary: "Disable an access until it is enabled again; 202 while some node has not confirmed it",
    permission: "accesses:write",
    params: strict({ access_id: Id }),
    body: Reason,
    reply: AccessState,
    status: 200,
    errors: ["conflict"],
  },
  "POST /v1/accesses/{access_id}/enable": {
    summary: "Enable a disabled access",
    permission: "accesses:write",
    params: strict({ access_id: Id }),
    body: Reason,
    reply: EnabledAccess,
    status: 200,
    errors: ["conflict"],
  },
  "POST /v1/accesses/{access_id}/revoke": {
    summary: "End an access and its tokens for good; 202 while some node has not confirmed it",
    permission: "accesses:write",
    params: strict({ access_id: Id }),
    body: Reason,
    reply: AccessState,
    status: 200,
    errors: [],
  },
} as const satisfies Record<string, Route>;
