import Type, { type Static } from "typebox";
import { Id, Instant, nullable, page, pageQuery, strict, text } from "./fields.ts";
import type { Route } from "./route.ts";
import { RoleName } from "./user.ts";

/** What one value of the role claim gives. */
const RoleMapping = strict({
  value: text(200),
  roles: Type.Array(RoleName, { minItems: 1, maxItems: 6, uniqueItems: true }),
  partner_ids: Type.Optional(Type.Array(Id, { maxItems: 100, uniqueItems: true })),
});
export type RoleMapping = Static<typeof RoleMapping>;

/** An OpenID Connect provider whose users may sign in. */
export const IdentityProvider = Type.Object({
  provider_id: Id,
  name: Type.String(),
  issuer: Type.String(),
  client_id: Type.String(),
  email_domains: Type.Array(Type.String()),
  role_claim: nullable(Type.String()),
  role_map: Type.Array(RoleMapping),
  trusts_second_factor: Type.Boolean(),
  state: Type.Enum(["active", "disabled"]),
  created_at: Instant,
});
export type IdentityProvider = Static<typeof IdentityProvider>;

export const NewIdentityProvider = strict({
  name: text(100),
  /** https URL of the issuer; http on a loopback address alone. */
  issuer: text(500),
  client_id: text(200),
  /** Stored sealed and never shown. */
  client_secret: text(500),
  /** Domains whose e-mail addresses this provider may vouch for. */
  email_domains: Type.Array(Type.String({ pattern: "^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$" }), {
    minItems: 1,
    maxItems: 50,
    uniqueItems: true,
  }),
  /** Claim of the ID token that names groups. Without it only users who were invited sign in. */
  role_claim: Type.Optional(text(200)),
  role_map: Type.Optional(Type.Array(RoleMapping, { maxItems: 100 })),
  /** Whether an `amr` claim with `mfa` counts as the second factor. */
  trusts_second_factor: Type.Optional(Type.Boolean()),
});
export type NewIdentityProvider = Static<typeof NewIdentityProvider>;

const one = strict({ provider_id: Id });

export const identityProviderRoutes = {
  "POST /v1/identity-providers": {
    summary: "Set up an OpenID Connect provider for sign-in",
    permission: "users:write",
    person: true,
    body: NewIdentityProvider,
    reply: IdentityProvider,
    status: 201,
    errors: ["conflict", "second-factor-required"],
    creates: true,
  },
  "GET /v1/identity-providers": {
    summary: "List sign-in providers, newest first",
    permission: "users:read",
    query: strict(pageQuery),
    reply: page(IdentityProvider),
    status: 200,
    errors: [],
  },
  "POST /v1/identity-providers/{provider_id}/disable": {
    summary: "Let nobody sign in through a provider; open sessions go on",
    permission: "users:write",
    params: one,
    reply: IdentityProvider,
    status: 200,
    errors: [],
  },
  "POST /v1/identity-providers/{provider_id}/enable": {
    summary: "Let users sign in through a provider again",
    permission: "users:write",
    person: true,
    params: one,
    reply: IdentityProvider,
    status: 200,
    errors: ["second-factor-required"],
  },
} as const satisfies Record<string, Route>;
