import Type, { type Static } from "typebox";
import { Id, Instant, nullable, page, pageQuery, strict } from "./fields.ts";
import { PolicyNode } from "./policy-in-force.ts";
import type { Route } from "./route.ts";

const State = Type.Enum(["committed", "in_force"]);

/** A change that took something away and how far it has got: `in_force` = no node accepts what was revoked any more. */
export const Revocation = Type.Object({
  revocation_id: Id,
  /** The action of the admin log. */
  what: Type.String(),
  target: Type.Object({ kind: Type.String(), id: Type.String() }),
  epoch: Type.String(),
  requested_at: Instant,
  state: State,
  /** Every node that could act on the policy before, when it was last looked at. */
  nodes: Type.Array(PolicyNode),
  /** While committed: the latest instant at which some node may still accept. */
  latest: Type.Optional(Instant),
  in_force_at: nullable(Instant),
});
export type Revocation = Static<typeof Revocation>;

export const revocationRoutes = {
  "GET /v1/revocations": {
    summary: "List revocations, newest first",
    permission: "tokens:read",
    query: strict({ ...pageQuery, state: Type.Optional(State) }),
    reply: page(Revocation),
    status: 200,
    errors: [],
  },
  "GET /v1/revocations/{revocation_id}": {
    summary: "Show how far a revocation has got; looks at the nodes anew while it is not in force",
    permission: "tokens:read",
    params: strict({ revocation_id: Id }),
    reply: Revocation,
    status: 200,
    errors: [],
  },
} as const satisfies Record<string, Route>;
