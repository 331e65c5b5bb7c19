import Type, { type Static } from "typebox";
import { ActiveState, Id, Instant, page, sortedPageQuery, strict, text } from "./fields.ts";
import { PolicyInForce, Reason, Revoking } from "./policy-in-force.ts";
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

/** `client_state` is the client's own; `state` is how far the change has got. */
const ClientState = Type.Object({
  client_id: Id,
  client_state: ActiveState,
  ended_tokens: Type.Integer(),
  ...Revoking.properties,
});
const EnabledClient = Type.Object({ client_id: Id, client_state: ActiveState, ...PolicyInForce.properties });

export const clientRoutes = {
  "POST /v1/clients": {
    summary: "Create a client of a partner",
    permission: "clients:write",
    body: NewClient,
    reply: Client,
    status: 201,
    errors: ["conflict"],
    creates: true,
  },
  "GET /v1/clients": {
    summary: "List clients, newest first by default",
    permission: "clients:read",
    query: strict({ ...sortedPageQuery, partner_id: Type.Optional(Id), state: Type.Optional(ActiveState) }),
    reply: page(Client),
    status: 200,
    errors: [],
  },
  "GET /v1/clients/{client_id}": {
    summary: "Show a client",
    permission: "clients:read",
    params: strict({ client_id: Id }),
    reply: Client,
    status: 200,
    errors: [],
  },
  "POST /v1/clients/{client_id}/disable": {
    summary: "Disable a client until it is enabled again; 202 while some node has not confirmed it",
    permission: "clients:write",
    params: strict({ client_id: Id }),
    body: Reason,
    reply: ClientState,
    status: 200,
    errors: ["conflict"],
  },
  "POST /v1/clients/{client_id}/enable": {
    summary: "Enable a disabled client",
    permission: "clients:write",
    params: strict({ client_id: Id }),
    body: Reason,
    reply: EnabledClient,
    status: 200,
    errors: ["conflict"],
  },
  "POST /v1/clients/{client_id}/revoke": {
    summary: "End a client and the tokens of its accesses for good; 202 while some node has not confirmed it",
    permission: "clients:write",
    params: strict({ client_id: Id }),
    body: Reason,
    reply: ClientState,
    status: 200,
    errors: [],
  },
} as const satisfies Record<string, Route>;
