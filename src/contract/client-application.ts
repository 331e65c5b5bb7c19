import Type, { type Static } from "typebox";
import { ActiveState, Id, Instant, page, pageQuery, strict, text } from "./fields.ts";
import type { Route } from "./route.ts";

/** An application of a partner (glossary: client, cliente consumidor). */
export const Client = Type.Object({
  client_id: Id,
  partner_id: Id,
  name: Type.String(),
  state: ActiveState,
  created_at: Instant,
});
export type Client = Static<typeof Client>;

export const NewClient = strict({ partner_id: Id, name: text(200) });
export type NewClient = Static<typeof NewClient>;

export const clientRoutes = {
  "POST /v1/clients": {
    summary: "Create a client of a partner",
    permission: "clients:write",
    body: NewClient,
    reply: Client,
    status: 201,
    errors: ["conflict"],
  },
  "GET /v1/clients": {
    summary: "List clients, newest first",
    permission: "clients:read",
    query: strict({ ...pageQuery, partner_id: Type.Optional(Id) }),
    reply: page(Client),
    status: 200,
    errors: [],
  },
} as const satisfies Record<string, Route>;
