import type { Static, TSchema } from "typebox";
import { apiKeyRoutes } from "./api-key.ts";
import { accessRoutes } from "./access.ts";
import { alertRoutes } from "./alert.ts";
import { apiDocumentRoutes } from "./api-document.ts";
import { auditRoutes } from "./audit-entry.ts";
import { clientRoutes } from "./client-application.ts";
import { deliveryRoutes } from "./delivery.ts";
import { demoRoutes } from "./demo.ts";
import { eventRoutes } from "./event.ts";
import { incidentRoutes } from "./incident.ts";
import { keyringRoutes } from "./keyring.ts";
import { killSwitchRoutes } from "./kill-switch.ts";
import { approvalModeRoutes } from "./approval-mode.ts";
import { identityProviderRoutes } from "./identity-provider.ts";
import { licenseRoutes } from "./license.ts";
import { licenseTemplateRoutes } from "./license-templates.ts";
import { licenseVersionRoutes } from "./license-version.ts";
import { partnerRoutes } from "./partner.ts";
import { processingRecordRoutes } from "./processing-record.ts";
import type { Method, Route, RouteKeyForm } from "./route.ts";
import { requestRoutes } from "./request-explanation.ts";
import { revocationRoutes } from "./revocation.ts";
import { serviceRoutes } from "./service.ts";
import { sessionRoutes } from "./session.ts";
import { statusRoutes } from "./status.ts";
import { subjectReportRoutes } from "./subject-report.ts";
import { tokenRoutes } from "./token.ts";
import { userRoutes } from "./user.ts";
import { webhookRoutes } from "./webhook.ts";

/** The admin API: the key carries method and path, the value everything else. One value types both ends. */
export const adminApi = {
  ...statusRoutes,
  ...apiDocumentRoutes,
  ...partnerRoutes,
  ...licenseRoutes,
  ...licenseVersionRoutes,
  ...licenseTemplateRoutes,
  ...approvalModeRoutes,
  ...clientRoutes,
  ...accessRoutes,
  ...tokenRoutes,
  ...revocationRoutes,
  ...killSwitchRoutes,
  ...webhookRoutes,
  ...deliveryRoutes,
  ...eventRoutes,
  ...serviceRoutes,
  ...keyringRoutes,
  ...auditRoutes,
  ...requestRoutes,
  ...alertRoutes,
  ...processingRecordRoutes,
  ...subjectReportRoutes,
  ...incidentRoutes,
  ...userRoutes,
  ...sessionRoutes,
  ...identityProviderRoutes,
  ...apiKeyRoutes,
  ...demoRoutes,
} as const satisfies Record<RouteKeyForm, Route>;

export type AdminApi = typeof adminApi;
export type RouteKey = keyof AdminApi;

type Part<K extends RouteKey, P extends string> = AdminApi[K] extends Record<P, infer S extends TSchema> ? Static<S> : undefined;

export type Params<K extends RouteKey> = Part<K, "params">;
export type Query<K extends RouteKey> = Part<K, "query">;
/** Headers of the route itself, and those that its kind takes: a reply with a secret is not asked for twice. */
export type Headers<K extends RouteKey> = AdminApi[K] extends { ifMatch: string }
  ? { "if-match": string }
  : AdminApi[K] extends { creates: true }
    ? { "idempotency-key"?: string }
    : Part<K, "headers">;
export type Body<K extends RouteKey> = Part<K, "body">;
export type Reply<K extends RouteKey> = Static<AdminApi[K]["reply"]>;

/** Routes whose reply is lines of JSON. */
export type StreamKey = { [K in RouteKey]: AdminApi[K] extends { stream: true } ? K : never }[RouteKey];
export type CallKey = Exclude<RouteKey, StreamKey>;

/** Method and path template of a route key. */
export function splitRouteKey(key: RouteKey): { method: Method; path: string } {
  const space = key.indexOf(" ");
  return { method: methodOf(key.slice(0, space)), path: key.slice(space + 1) };
}

/** The type of route keys allows no other text before the space. */
function methodOf(text: string): Method {
  return text as Method;
}
