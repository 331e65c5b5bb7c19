import Type, { type Static } from "typebox";
import { Id, Instant, nullable, page, pageQuery, strict, text } from "./fields.ts";
import type { Route } from "./route.ts";
import { scopeTable } from "./scopes.ts";

/** An admin API key; its text is never shown after it was made. */
export const ApiKey = Type.Object({
  key_id: Id,
  name: Type.String(),
  scopes: Type.Array(Type.String()),
  event_types: Type.Array(Type.String()),
  /** The partners whose rows the key sees; null = the whole tenant. */
  partner_ids: nullable(Type.Array(Id)),
  state: Type.Enum(["active", "ended"]),
  created_at: Instant,
  /** Id of the person or the key that made it, or the platform's own word. */
  created_by: nullable(Type.String()),
  expires_at: nullable(Instant),
  ended_at: nullable(Instant),
  ended_reason: nullable(Type.String()),
});
export type ApiKey = Static<typeof ApiKey>;

export const NewApiKey = strict({
  name: text(200),
  /** None that the maker does not hold, now or later, and none that only people may hold (approvals). */
  scopes: Type.Array(Type.Enum(Object.keys(scopeTable)), { minItems: 1, maxItems: 100, uniqueItems: true }),
  /** For the scope events:write. */
  event_types: Type.Optional(Type.Array(text(100), { maxItems: 100, uniqueItems: true })),
  partner_ids: Type.Optional(Type.Array(Id, { minItems: 1, maxItems: 100, uniqueItems: true })),
  /** Of a key that a key makes, no later than its own, which is the default. */
  expires_at: Type.Optional(Instant),
});
export type NewApiKey = Static<typeof NewApiKey>;

/** `key` is shown in this reply and never again. */
export const CreatedApiKey = Type.Object({ key_id: Id, key: Type.String(), expires_at: nullable(Instant) });
export type CreatedApiKey = Static<typeof CreatedApiKey>;

export const apiKeyRoutes = {
  "POST /v1/api-keys": {
    summary: "Create an admin API key; its text is shown once",
    permission: "keys:write",
    body: NewApiKey,
    reply: CreatedApiKey,
    status: 201,
    errors: ["conflict"],
    creates: { shownOnce: ["key"] },
  },
  "GET /v1/api-keys": {
    summary: "List admin API keys, newest first",
    permission: "keys:read",
    query: strict({ ...pageQuery, state: Type.Optional(Type.Enum(["active", "ended"])) }),
    reply: page(ApiKey),
    status: 200,
    errors: [],
  },
  "POST /v1/api-keys/{key_id}/end": {
    summary: "End an admin API key for good",
    permission: "keys:write",
    params: strict({ key_id: Id }),
    body: strict({ reason: text(200) }),
    reply: ApiKey,
    status: 200,
    errors: ["conflict"],
  },
} as const satisfies Record<string, Route>;
