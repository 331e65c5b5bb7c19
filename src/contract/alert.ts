import Type, { type Static } from "typebox";
import { Id, Instant, nullable, page, pageQuery, strict } from "./fields.ts";
import type { Route } from "./route.ts";

/** What is watched by default, and what each means. */
export const alertRules = {
  "enumeration-suspected": "an access asked for 100 objects or more in 5 minutes that are not there or not in its scope",
  island: "a node has not renewed its lease for 10 s: it is cut off from the store, or was killed",
  "journal-half-full": "the audit journal of a node is half full; at the full bound calls are refused",
  "capture-lag": "no capture pass of a base was completed for 5 minutes",
  "webhook-failing": "a webhook has failed for 10 minutes without a success",
  "token-expiring": "a live token ends within 7 days",
  "certificate-expiring": "the gateway's certificate ends within 14 days",
  "error-rate": "5 % or more of the calls of the last 5 minutes, and at least 10, were answered 5xx",
} as const;
export type AlertRule = keyof typeof alertRules;

const State = Type.Enum(["raised", "acknowledged", "resolved"]);

export const Alert = Type.Object({
  alert_id: Id,
  rule: Type.String(),
  /** Id of what it is about. */
  subject: Type.String(),
  detail: Type.Record(Type.String(), Type.Unknown()),
  state: State,
  raised_at: Instant,
  acknowledged_at: nullable(Instant),
  acknowledged_by: nullable(Type.String()),
  resolved_at: nullable(Instant),
});
export type Alert = Static<typeof Alert>;

export const alertRoutes = {
  "GET /v1/alerts": {
    summary: "List alerts, newest first",
    permission: "alerts:read",
    query: strict({ ...pageQuery, state: Type.Optional(State) }),
    reply: page(Alert),
    status: 200,
    errors: [],
  },
  "POST /v1/alerts/{alert_id}/acknowledge": {
    summary: "Say that somebody looks after an alert; it stays until what it tells of is over",
    permission: "alerts:write",
    params: strict({ alert_id: Id }),
    reply: Alert,
    status: 200,
    errors: [],
  },
} as const satisfies Record<string, Route>;
