import Type, { type Static } from "typebox";
import { ActiveState, Id, Instant, page, sortedPageQuery, strict, text } from "./fields.ts";
import { PolicyInForce, Reason, Revoking } from "./policy-in-force.ts";
import type { Route } from "./route.ts";

export const Partner = Type.Object({ partner_id: Id, name: Type.String(), state: ActiveState, created_at: Instant });
export type Partner = Static<typeof Partner>;

export const NewPartner = strict({ name: text(200) });
export type NewPartner = Static<typeof NewPartner>;

/** `partner_state` is the partner's own; `state` is how far the change has got. */
const PartnerState = Type.Object({ partner_id: Id, partner_state: ActiveState, ended_tokens: Type.Integer(), ...Revoking.properties });
const EnabledPartner = Type.Object({ partner_id: Id, partner_state: ActiveState, ...PolicyInForce.properties });

export const partnerRoutes = {
  "POST /v1/partners": {
    summary: "Create a partner",
    permission: "partners:write",
    body: NewPartner,
    reply: Partner,
    status: 201,
    errors: [],
    creates: true,
  },
  "GET /v1/partners": {
    summary: "List partners, newest first by default",
    permission: "partners:read",
    query: strict({ ...sortedPageQuery, state: Type.Optional(ActiveState) }),
    reply: page(Partner),
    status: 200,
    errors: [],
  },
  "GET /v1/partners/{partner_id}": {
    summary: "Show a partner",
    permission: "partners:read",
    params: strict({ partner_id: Id }),
    reply: Partner,
    status: 200,
    errors: [],
  },
  "POST /v1/partners/{partner_id}/disable": {
    summary: "Disable a partner until it is enabled again; 202 while some node has not confirmed it",
    permission: "partners:write",
    params: strict({ partner_id: Id }),
    body: Reason,
    reply: PartnerState,
    status: 200,
    errors: ["conflict"],
  },
  "POST /v1/partners/{partner_id}/enable": {
    summary: "Enable a disabled partner",
    permission: "partners:write",
    params: strict({ partner_id: Id }),
    body: Reason,
    reply: EnabledPartner,
    status: 200,
    errors: ["conflict"],
  },
  "POST /v1/partners/{partner_id}/revoke": {
    summary: "End a partner and all its tokens for good; 202 while some node has not confirmed it",
    permission: "partners:write",
    params: strict({ partner_id: Id }),
    body: Reason,
    reply: PartnerState,
    status: 200,
    errors: [],
  },
} as const satisfies Record<string, Route>;
