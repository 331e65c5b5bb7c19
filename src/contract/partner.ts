import Type, { type Static } from "typebox";
import { ActiveState, Id, Instant, page, pageQuery, strict, text } from "./fields.ts";
import type { Route } from "./route.ts";

export const Partner = Type.Object({ partner_id: Id, name: Type.String(), state: ActiveState, created_at: Instant });
export type Partner = Static<typeof Partner>;

export const NewPartner = strict({ name: text(200) });
export type NewPartner = Static<typeof NewPartner>;

export const partnerRoutes = {
  "POST /v1/partners": {
    summary: "Create a partner",
    permission: "partners:write",
    body: NewPartner,
    reply: Partner,
    status: 201,
    errors: [],
  },
  "GET /v1/partners": {
    summary: "List partners, newest first",
    permission: "partners:read",
    query: strict(pageQuery),
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
} as const satisfies Record<string, Route>;
