import Type, { type Static } from "typebox";
import { Id, Instant, nullable, page, pageQuery, strict } from "./fields.ts";
import type { Route } from "./route.ts";

export const Service = Type.Object({
  service_id: Id,
  name: Type.String(),
  live_url: nullable(Type.String()),
  sandbox_url: nullable(Type.String()),
  state: Type.Enum(["active", "disabled"]),
  created_at: Instant,
});
export type Service = Static<typeof Service>;

export const Operation = Type.Object({
  operation_id: Type.String(),
  service_id: Id,
  method: Type.String(),
  path: Type.String(),
  summary: Type.String(),
  publishable: Type.Boolean(),
  /** x-lgpd classes that stand in its answer. */
  classes: Type.Array(Type.String()),
});
export type Operation = Static<typeof Operation>;

export const serviceRoutes = {
  "GET /v1/services": {
    summary: "List registered services, newest first",
    permission: "services:read",
    query: strict(pageQuery),
    reply: page(Service),
    status: 200,
    errors: [],
  },
  "GET /v1/operations": {
    summary: "List known operations by id",
    permission: "services:read",
    query: strict({ ...pageQuery, service_id: Type.Optional(Id) }),
    reply: page(Operation),
    status: 200,
    errors: [],
  },
} as const satisfies Record<string, Route>;
