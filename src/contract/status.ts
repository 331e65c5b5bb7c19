import Type, { type Static } from "typebox";
import { ApprovalMode } from "./approval-mode.ts";
import { strict } from "./fields.ts";
import type { Route } from "./route.ts";

/** Whether a role of this process serves, and why not. */
export const RoleReadiness = Type.Object({
  role: Type.String(),
  ready: Type.Boolean(),
  reason: Type.Optional(Type.String()),
});
export type RoleReadiness = Static<typeof RoleReadiness>;

export const Readiness = Type.Object({ ready: Type.Boolean(), roles: Type.Array(RoleReadiness) });
export type Readiness = Static<typeof Readiness>;

export const Status = Type.Object({
  ready: Type.Boolean(),
  roles: Type.Array(RoleReadiness),
  tenant_id: Type.String(),
  key_id: Type.String(),
  scopes: Type.Array(Type.String()),
  /** The newest published policy (a decimal integer). */
  epoch: Type.String(),
  demo: Type.Boolean(),
  approval_mode: ApprovalMode,
});
export type Status = Static<typeof Status>;

export const statusRoutes = {
  "GET /healthz": {
    summary: "200 while the process answers",
    permission: null,
    reply: Type.Object({ status: Type.Literal("ok") }),
    status: 200,
    errors: [],
  },
  "GET /readyz": {
    summary: "200 when all roles serve, else 503 with the same body",
    permission: null,
    reply: Readiness,
    status: 200,
    errors: [],
  },
  "GET /v1/status": {
    summary: "Show the state of the platform and the key that asks",
    permission: "status:read",
    query: strict({}),
    reply: Status,
    status: 200,
    errors: [],
  },
} as const satisfies Record<string, Route>;
