import Type, { type Static } from "typebox";
import { Id, Instant, nullable, page, pageQuery, strict, text } from "./fields.ts";
import type { Route } from "./route.ts";

const Text = Type.String();
const Count = Type.Number();

/** A change of the policy: who did what to which object. The changed values stand in it as hashes alone. */
export const AdminEntry = Type.Object({
  entry_id: Id,
  at: Instant,
  actor_kind: Text,
  actor_id: Text,
  action: Text,
  target_kind: Text,
  target_id: Text,
  request_id: Text,
  /** SHA-256 of the canonical JSON (RFC 8785) of what was changed, hex. */
  before_hash: nullable(Text),
  after_hash: nullable(Text),
  detail: Type.Unknown(),
});
export type AdminEntry = Static<typeof AdminEntry>;

/** One record of a call at the gateway; see access-record.ts. What is sealed stays in the store. */
export const AccessEntry = Type.Object({
  entry_id: Id,
  at: Instant,
  journal_id: Text,
  counter: Count,
  phase: Text,
  partner_id: nullable(Text),
  license_id: nullable(Text),
  license_version: nullable(Count),
  client_id: nullable(Text),
  access_id: nullable(Text),
  token_id: nullable(Text),
  operation_id: nullable(Text),
  method: Text,
  route: Text,
  status: Count,
  code: Text,
  clause: nullable(Text),
  request_id: Text,
  bytes: nullable(Count),
  duration_ms: nullable(Count),
  count: nullable(Count),
  network: nullable(Text),
});
export type AccessEntry = Static<typeof AccessEntry>;

export const FoundEntry = Type.Union([
  Type.Object({ log: Type.Literal("admin"), entry: AdminEntry }),
  Type.Object({ log: Type.Literal("access"), entry: AccessEntry }),
]);
export type FoundEntry = Static<typeof FoundEntry>;

export const auditRoutes = {
  "GET /v1/audit/admin": {
    summary: "List changes, newest first",
    permission: "audit:read",
    query: strict({
      ...pageQuery,
      action: Type.Optional(text(100)),
      target_kind: Type.Optional(text(100)),
      target_id: Type.Optional(Id),
    }),
    reply: page(AdminEntry),
    status: 200,
    errors: [],
  },
  "GET /v1/audit/access": {
    summary: "List gateway calls, newest first",
    permission: "audit:read",
    query: strict({
      ...pageQuery,
      license_id: Type.Optional(Id),
      access_id: Type.Optional(Id),
      request_id: Type.Optional(text(100)),
    }),
    reply: page(AccessEntry),
    status: 200,
    errors: [],
  },
  "GET /v1/audit/entries/{entry_id}": {
    summary: "Show one entry of either log",
    permission: "audit:read",
    params: strict({ entry_id: Id }),
    reply: FoundEntry,
    status: 200,
    errors: [],
  },
} as const satisfies Record<string, Route>;
