import Type, { type Static } from "typebox";
import { Id, Instant, nullable, page, pageQuery, strict, text } from "./fields.ts";
import { roles } from "./roles.ts";
import type { Route } from "./route.ts";

export const RoleName = Type.Enum([...roles]);
const UserState = Type.Enum(["invited", "active", "disabled"]);

/** A user of the tenant. Whoever may not change users sees e-mail and name masked. */
export const User = Type.Object({
  user_id: Id,
  email: Type.String(),
  name: Type.String(),
  roles: Type.Array(RoleName),
  /** The partners whose rows an integrador sees; empty for the other roles. */
  partner_ids: Type.Array(Id),
  state: UserState,
  state_reason: nullable(Type.String()),
  /** Active second factors; with none, a session reaches nothing but the user's own sign-in. */
  second_factors: Type.Integer(),
  created_at: Instant,
  last_sign_in_at: nullable(Instant),
});
export type User = Static<typeof User>;

/** An e-mail address as people type it; upper and lower case are one address. */
export const Email = Type.String({
  minLength: 3,
  maxLength: 254,
  pattern: "^[^\\s@\\u0000-\\u001f\\u007f\\ud800-\\udfff]+@[^\\s@\\u0000-\\u001f\\u007f\\ud800-\\udfff]+$",
});
const RoleList = Type.Array(RoleName, { minItems: 1, maxItems: 6, uniqueItems: true });
const PartnerList = Type.Array(Id, { maxItems: 100, uniqueItems: true });

export const NewUser = strict({ email: Email, name: text(200), roles: RoleList, partner_ids: Type.Optional(PartnerList) });
export type NewUser = Static<typeof NewUser>;

export const UserRoles = strict({ roles: RoleList, partner_ids: Type.Optional(PartnerList) });
export type UserRoles = Static<typeof UserRoles>;

/** `link` is shown in this reply and never again; it works once. */
export const UserLink = Type.Object({ user_id: Id, link: Type.String(), expires_at: Instant });
export type UserLink = Static<typeof UserLink>;

const reason = strict({ reason: text(200) });
const one = strict({ user_id: Id });

export const userRoutes = {
  "POST /v1/users": {
    summary: "Invite a user: the reply holds the one-time link to hand over",
    permission: "users:write",
    body: NewUser,
    reply: UserLink,
    status: 201,
    errors: ["conflict", "second-factor-required"],
    creates: { shownOnce: ["link"] },
  },
  "GET /v1/users": {
    summary: "List users, newest first",
    permission: "users:read",
    query: strict({ ...pageQuery, state: Type.Optional(UserState), role: Type.Optional(RoleName), partner_id: Type.Optional(Id) }),
    reply: page(User),
    status: 200,
    errors: [],
  },
  "GET /v1/users/{user_id}": {
    summary: "Show a user",
    permission: "users:read",
    params: one,
    reply: User,
    status: 200,
    errors: [],
  },
  "POST /v1/users/{user_id}/roles": {
    summary: "Replace a user's roles and partners; their sessions end",
    permission: "users:write",
    params: one,
    body: UserRoles,
    reply: User,
    status: 200,
    errors: ["conflict", "second-factor-required"],
  },
  "POST /v1/users/{user_id}/disable": {
    summary: "Stop a user and end their sessions; reversible",
    permission: "users:write",
    params: one,
    body: reason,
    reply: User,
    status: 200,
    errors: ["conflict"],
  },
  "POST /v1/users/{user_id}/enable": {
    summary: "Let a disabled user sign in again",
    permission: "users:write",
    params: one,
    reply: User,
    status: 200,
    errors: ["conflict", "second-factor-required"],
  },
  "POST /v1/users/{user_id}/reset": {
    summary: "Give a user a new one-time link: sessions, password, second factors and recovery codes end",
    permission: "users:write",
    params: one,
    body: reason,
    reply: UserLink,
    status: 200,
    errors: ["conflict", "second-factor-required"],
    creates: { shownOnce: ["link"] },
  },
  "POST /v1/users/{user_id}/sessions/end": {
    summary: "End every session of a user",
    permission: "users:write",
    params: one,
    body: reason,
    reply: Type.Object({ ended: Type.Integer() }),
    status: 200,
    errors: [],
  },
} as const satisfies Record<string, Route>;
