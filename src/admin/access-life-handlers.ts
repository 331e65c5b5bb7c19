import type { CallKey, Reply, RouteKey } from "../contract/routes.ts";
import { setAccessState } from "../control/access/set-state.ts";
import { updateAccess } from "../control/access/update.ts";
import { getClientApplication } from "../control/client/get.ts";
import { setClientState } from "../control/client/set-state.ts";
import type { ActionContext } from "../control/context.ts";
import { getKillSwitch } from "../control/kill-switch/get.ts";
import { listKillSwitches } from "../control/kill-switch/list.ts";
import { setKillSwitch } from "../control/kill-switch/set.ts";
import { undoKillSwitch } from "../control/kill-switch/undo.ts";
import { setPartnerState } from "../control/partner/set-state.ts";
import { getRevocation } from "../control/revocation/get.ts";
import { listRevocations } from "../control/revocation/list.ts";
import { getToken } from "../control/token/get.ts";
import { registerToken } from "../control/token/register.ts";
import { updateToken } from "../control/token/update.ts";
import type { Call } from "./handlers.ts";
import { withPolicyState, withRevocation } from "./policy-state.ts";

type Handlers = { [K in CallKey]?: (ctx: ActionContext, call: Call<K & RouteKey>) => Promise<Reply<K>> };

/** Routes of what happens to partners, clients, accesses and tokens after they were made. */
export const accessLifeHandlers = {
  "POST /v1/partners/{partner_id}/disable": (ctx, { options, params, body }) =>
    withRevocation(ctx, options, setPartnerState(ctx, { ...params, ...body, to: "disabled" })),
  "POST /v1/partners/{partner_id}/enable": (ctx, { options, params, body }) =>
    withPolicyState(options, setPartnerState(ctx, { ...params, ...body, to: "active" })),
  "POST /v1/partners/{partner_id}/revoke": (ctx, { options, params, body }) =>
    withRevocation(ctx, options, setPartnerState(ctx, { ...params, ...body, to: "revoked" })),
  "GET /v1/clients/{client_id}": (ctx, { params }) => getClientApplication(ctx, params),
  "POST /v1/clients/{client_id}/disable": (ctx, { options, params, body }) =>
    withRevocation(ctx, options, setClientState(ctx, { ...params, ...body, to: "disabled" })),
  "POST /v1/clients/{client_id}/enable": (ctx, { options, params, body }) =>
    withPolicyState(options, setClientState(ctx, { ...params, ...body, to: "active" })),
  "POST /v1/clients/{client_id}/revoke": (ctx, { options, params, body }) =>
    withRevocation(ctx, options, setClientState(ctx, { ...params, ...body, to: "revoked" })),
  "PATCH /v1/accesses/{access_id}": (ctx, { options, params, body }) =>
    withRevocation(ctx, options, updateAccess(ctx, { ...body, ...params })),
  "POST /v1/accesses/{access_id}/disable": (ctx, { options, params, body }) =>
    withRevocation(ctx, options, setAccessState(ctx, { ...params, ...body, to: "disabled" })),
  "POST /v1/accesses/{access_id}/enable": (ctx, { options, params, body }) =>
    withPolicyState(options, setAccessState(ctx, { ...params, ...body, to: "active" })),
  "POST /v1/accesses/{access_id}/revoke": (ctx, { options, params, body }) =>
    withRevocation(ctx, options, setAccessState(ctx, { ...params, ...body, to: "revoked" })),
  "GET /v1/tokens/{token_id}": (ctx, { params }) => getToken(ctx, params),
  "PATCH /v1/tokens/{token_id}": (ctx, { options, params, body }) => withRevocation(ctx, options, updateToken(ctx, { ...body, ...params })),
  "POST /v1/accesses/{access_id}/tokens/register": (ctx, { options, params, body }) =>
    withRevocation(ctx, options, registerToken(ctx, { ...body, ...params })),
  "GET /v1/revocations": (ctx, { query }) => listRevocations(ctx, query),
  "GET /v1/revocations/{revocation_id}": (ctx, { params }) => getRevocation(ctx, params),
  "POST /v1/kill-switches": (ctx, { options, body }) => withRevocation(ctx, options, setKillSwitch(ctx, body)),
  "GET /v1/kill-switches": (ctx, { query }) => listKillSwitches(ctx, query),
  "GET /v1/kill-switches/{switch_id}": (ctx, { params }) => getKillSwitch(ctx, params),
  "POST /v1/kill-switches/{switch_id}/undo": (ctx, { options, params, body }) =>
    withPolicyState(options, undoKillSwitch(ctx, { ...body, ...params })),
} satisfies Handlers;
