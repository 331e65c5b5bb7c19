import { AppError } from "../contract/errors.ts";
import type { DemoPort } from "../contract/demo-port.ts";
import type { AdminApi, Body, CallKey, Headers, Params, Query, Reply, RouteKey } from "../contract/routes.ts";
import type { RoleReadiness } from "../contract/status.ts";
import { acknowledgeAlert } from "../control/alert/acknowledge.ts";
import { listAlerts } from "../control/alert/list.ts";
import { createAccess } from "../control/access/create.ts";
import { getAccess } from "../control/access/get.ts";
import { listAccesses } from "../control/access/list.ts";
import { getApiDocument } from "../control/api-document/get.ts";
import { getAuditEntry } from "../control/audit/get.ts";
import { listAccessLog } from "../control/audit/list-access.ts";
import { listAdminLog } from "../control/audit/list-admin.ts";
import { createClientApplication } from "../control/client/create.ts";
import { listClients } from "../control/client/list.ts";
import type { ActionContext } from "../control/context.ts";
import { getDelivery } from "../control/delivery/get.ts";
import { listDeliveries } from "../control/delivery/list.ts";
import { demoCloseMonth, demoPay, demoReverse } from "../control/demo/run.ts";
import { ingestEvents } from "../control/event/ingest.ts";
import { listEvents } from "../control/event/list.ts";
import { endPepper } from "../control/keyring/end-pepper.ts";
import { listPepperUses } from "../control/keyring/list-accesses.ts";
import { listKeyring } from "../control/keyring/list.ts";
import { rotateKey } from "../control/keyring/rotate.ts";
import { createPartner } from "../control/partner/create.ts";
import { getPartner } from "../control/partner/get.ts";
import { listPartners } from "../control/partner/list.ts";
import { explainRequest } from "../control/request/explain.ts";
import { verifyError } from "../control/request/verify.ts";
import { getStatus } from "../control/status/get.ts";
import { createToken } from "../control/token/create.ts";
import { listTokens } from "../control/token/list.ts";
import { regenerateToken } from "../control/token/regenerate.ts";
import { revokeToken } from "../control/token/revoke.ts";
import { createWebhook } from "../control/webhook/create.ts";
import { getWebhook } from "../control/webhook/get.ts";
import { listWebhooks } from "../control/webhook/list.ts";
import { updateWebhook } from "../control/webhook/update.ts";
import { requestWebhookCheck } from "../control/webhook/request-check.ts";
import type { CallOrigin } from "./call-origin.ts";
import { licenseHandlers } from "./license-handlers.ts";
import type { AdminOptions } from "./options.ts";
import { openPeopleHandlers, peopleHandlers } from "./people-handlers.ts";
import { privacyHandlers } from "./privacy-handlers.ts";
import { serviceHandlers } from "./service-handlers.ts";
import { accessLifeHandlers } from "./access-life-handlers.ts";
import { withPolicyState, withRevocation } from "./policy-state.ts";

/** A request whose parts match the route's schemas. `text` is the body as received, where the route keeps it. */
export type Call<K extends RouteKey> = {
  options: AdminOptions;
  from: CallOrigin;
  params: Params<K>;
  query: Query<K>;
  headers: Headers<K>;
  body: Body<K>;
  text: string;
};

type OpenKey = { [K in CallKey]: AdminApi[K]["permission"] extends null ? K : never }[CallKey];
type KeyedKey = Exclude<CallKey, OpenKey>;

/** Routes that are answered without a credential. */
export const openHandlers: { [K in OpenKey]: (call: Call<K>) => Reply<K> | Promise<Reply<K>> } = {
  ...openPeopleHandlers,
  "GET /healthz": () => ({ status: "ok" }),
  "GET /readyz": ({ options }) => readinessOf(options.readiness()),
};

/** One route, one verb. */
export const handlers: { [K in KeyedKey]: (ctx: ActionContext, call: Call<K>) => Promise<Reply<K>> } = {
  "GET /v1/status": async (ctx, { options }) => ({ ...(await getStatus(ctx)), ...readinessOf(options.readiness()) }),
  "GET /v1/openapi.json": (ctx) => getApiDocument(ctx),
  "POST /v1/partners": (ctx, { body }) => createPartner(ctx, body),
  "GET /v1/partners": (ctx, { query }) => listPartners(ctx, query),
  "GET /v1/partners/{partner_id}": (ctx, { params }) => getPartner(ctx, params),
  ...licenseHandlers,
  "POST /v1/clients": (ctx, { body }) => createClientApplication(ctx, body),
  "GET /v1/clients": (ctx, { query }) => listClients(ctx, query),
  "POST /v1/accesses": (ctx, { body }) => createAccess(ctx, body),
  "GET /v1/accesses": (ctx, { query }) => listAccesses(ctx, query),
  "GET /v1/accesses/{access_id}": (ctx, { params }) => getAccess(ctx, params),
  "GET /v1/tokens": (ctx, { query }) => listTokens(ctx, query),
  "POST /v1/accesses/{access_id}/tokens": (ctx, { options, params, body }) =>
    withPolicyState(options, announced(options, createToken(ctx, { ...body, ...params }))),
  "POST /v1/accesses/{access_id}/tokens/regenerate": (ctx, { options, params, body }) =>
    withRevocation(ctx, options, announced(options, regenerateToken(ctx, { ...body, ...params }))),
  "POST /v1/tokens/{token_id}/revoke": (ctx, { options, params, body }) =>
    withRevocation(ctx, options, revokeToken(ctx, { ...body, ...params })),
  ...accessLifeHandlers,
  "POST /v1/webhooks": (ctx, { body }) => createWebhook(ctx, body),
  "GET /v1/webhooks": (ctx, { query }) => listWebhooks(ctx, query),
  "GET /v1/webhooks/{webhook_id}": (ctx, { params }) => getWebhook(ctx, params),
  "PATCH /v1/webhooks/{webhook_id}": (ctx, { params, body }) => updateWebhook(ctx, { ...body, ...params }),
  "POST /v1/webhooks/{webhook_id}/test": (ctx, { params }) => requestWebhookCheck(ctx, params),
  "GET /v1/deliveries": (ctx, { query }) => listDeliveries(ctx, query),
  "GET /v1/deliveries/{delivery_id}": (ctx, { params }) => getDelivery(ctx, params),
  "POST /v1/events": (ctx, { headers, query, text }) =>
    ingestEvents(ctx, { text, idempotencyKey: headers["idempotency-key"], mode: query.mode ?? "live" }),
  "GET /v1/events": (ctx, { query }) => listEvents(ctx, query),
  ...peopleHandlers,
  ...serviceHandlers,
  ...privacyHandlers,
  "GET /v1/keyring": (ctx) => listKeyring(ctx),
  "POST /v1/keyring/rotate": (ctx, { options, body }) => rotateKey(ctx, body, options.makeKey),
  "GET /v1/keyring/{kid}/accesses": (ctx, { params, query }) => listPepperUses(ctx, { ...query, ...params }),
  "POST /v1/keyring/{kid}/end": (ctx, { params, body }) => endPepper(ctx, { ...body, ...params }),
  "GET /v1/audit/admin": (ctx, { query }) => listAdminLog(ctx, query),
  "GET /v1/audit/access": (ctx, { query }) => listAccessLog(ctx, query),
  "GET /v1/audit/entries/{entry_id}": (ctx, { params }) => getAuditEntry(ctx, params),
  "GET /v1/requests/{request_id}/explain": (ctx, { params }) => explainRequest(ctx, params),
  "GET /v1/alerts": (ctx, { query }) => listAlerts(ctx, query),
  "POST /v1/alerts/{alert_id}/acknowledge": (ctx, { params }) => acknowledgeAlert(ctx, params),
  "POST /v1/requests/verify": (ctx, { body }) => verifyError(ctx, body),
  "POST /v1/demo/pay": (ctx, { options, body }) => demoPay(ctx, demoOf(options), body),
  "POST /v1/demo/close-month": (ctx, { options }) => demoCloseMonth(ctx, demoOf(options)),
  "POST /v1/demo/reverse": (ctx, { options, body }) => demoReverse(ctx, demoOf(options), body),
};

/** The demo base, which the routes that ask for it exist with alone. */
export function demoOf(options: AdminOptions): DemoPort {
  if (options.demo === undefined) throw new AppError("not-found", "this platform runs no demo");
  return options.demo;
}

/** The token is made whatever the listener does: its failure is logged, and the reply still carries the token. */
async function announced<T extends { access_id: string; token: string }>(options: AdminOptions, change: Promise<T>): Promise<T> {
  const made = await change;
  try {
    await options.onTokenIssued?.({ access_id: made.access_id, token: made.token });
  } catch (error) {
    options.log.error({ error: error instanceof Error ? error.name : typeof error }, "a new token could not be announced");
  }
  return made;
}

function readinessOf(roles: readonly RoleReadiness[]) {
  return { ready: roles.every((role) => role.ready), roles: [...roles] };
}
