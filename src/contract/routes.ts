import type { Static, TSchema } from "typebox";
import { accessRoutes } from "./access.ts";
import { auditRoutes } from "./audit-entry.ts";
import { clientRoutes } from "./client-application.ts";
import { deliveryRoutes } from "./delivery.ts";
import { demoRoutes } from "./demo.ts";
import { eventRoutes } from "./event.ts";
import { licenseRoutes } from "./license.ts";
import { partnerRoutes } from "./partner.ts";
import type { Route, RouteKeyForm } from "./route.ts";
import { serviceRoutes } from "./service.ts";
import { statusRoutes } from "./status.ts";
import { tokenRoutes } from "./token.ts";
import { webhookRoutes } from "./webhook.ts";

/** The admin API: the key carries method and path, the value everything else. One value types both ends. */
export const adminApi = {
  ...statusRoutes,
  ...partnerRoutes,
  ...licenseRoutes,
  ...clientRoutes,
  ...accessRoutes,
  ...tokenRoutes,
  ...webhookRoutes,
  ...deliveryRoutes,
  ...eventRoutes,
  ...serviceRoutes,
  ...auditRoutes,
  ...demoRoutes,
} as const satisfies Record<RouteKeyForm, Route>;

export type AdminApi = typeof adminApi;
export type RouteKey = keyof AdminApi;

type Part<K extends RouteKey, P extends string> = AdminApi[K] extends Record<P, infer S extends TSchema> ? Static<S> : undefined;

export type Params<K extends RouteKey> = Part<K, "params">;
export type Query<K extends RouteKey> = Part<K, "query">;
export type Headers<K extends RouteKey> = Part<K, "headers">;
export type Body<K extends RouteKey> = Part<K, "body">;
export type Reply<K extends RouteKey> = Static<AdminApi[K]["reply"]>;

/** Routes whose reply is lines of JSON. */
export type StreamKey = { [K in RouteKey]: AdminApi[K] extends { stream: true } ? K : never }[RouteKey];
export type CallKey = Exclude<RouteKey, StreamKey>;

/** Method and path template of a route key. */
export function splitRouteKey(key: RouteKey): { method: "GET" | "POST"; path: string } {
  return key.startsWith("GET ") ? { method: "GET", path: key.slice(4) } : { method: "POST", path: key.slice(5) };
}
