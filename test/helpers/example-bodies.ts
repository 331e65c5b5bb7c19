import { adminApi, type RouteKey } from "../../src/contract/routes.ts";
import { fixtureOpenapi } from "./tenant.ts";

type Ids = Readonly<Record<string, string>>;

const reason = { reason: "x" };
const license = {
  name: "x",
  purpose: "x",
  legal_basis: "art. 7 V",
  ends_at: "2100-01-01T00:00:00Z",
  rate_per_second: 1,
  burst: 1,
  operations: [],
};
const webhook = { name: "x", url: "https://a.example.com/", event_types: ["client-transaction"], mode: "live" };

const bodies: Partial<Record<RouteKey, (ids: Ids) => unknown>> = {
  "POST /v1/partners": () => ({ name: "x" }),
  "POST /v1/licenses": (ids) => ({ ...license, partner_id: ids["partner_id"] }),
  "POST /v1/clients": (ids) => ({ name: "x", partner_id: ids["partner_id"] }),
  "POST /v1/accesses": (ids) => ({ client_id: ids["client_id"], license_id: ids["license_id"], kind: "confidential", mode: "test" }),
  "POST /v1/webhooks": (ids) => ({ ...webhook, license_id: ids["license_id"] }),
  "PATCH /v1/accesses/{access_id}": () => ({ cidrs: ["127.0.0.1/32"] }),
  "PATCH /v1/tokens/{token_id}": () => ({ expires_at: null }),
  "PATCH /v1/webhooks/{webhook_id}": () => ({ name: "x" }),
  "POST /v1/accesses/{access_id}/tokens/regenerate": () => ({ overlap: "0" }),
  "POST /v1/accesses/{access_id}/tokens/register": () => ({ sha256: "0".repeat(64) }),
  "POST /v1/licenses/{license_id}/versions/{version}/approve": () => ({ effect: "x" }),
  "POST /v1/licenses/{license_id}/versions/{version}/publish": () => ({ effect: "x" }),
  "POST /v1/users/{user_id}/roles": () => ({ roles: ["auditor"] }),
  "POST /v1/users/{user_id}/reset": () => reason,
  "POST /v1/services/{service_id}/credential": () => ({ credential: "xxxxxxxx", reason: "x" }),
  "POST /v1/services/{service_id}/identity-key": () => reason,
  "POST /v1/services/{service_id}/openapi/diff": () => ({ openapi: {} }),
  "PUT /v1/services/{service_id}/openapi": () => ({ openapi: fixtureOpenapi }),
  "POST /v1/incidents/{incident_id}/assess": () => ({ risk: "relevant", categories: [] }),
  "POST /v1/incidents/{incident_id}/notify": () => ({ notified_at: "2026-01-02T00:00:00Z" }),
  "POST /v1/incidents/{incident_id}/close": () => reason,
  "POST /v1/incidents/{incident_id}/notes": () => ({ note: "x" }),
  "POST /v1/requests/verify": () => ({ request_id: "req_x", status: 404, code: "not-found", proof: "x" }),
  "POST /v1/factors/{factor_id}/confirm": () => ({ totp: "000000" }),
};

const withReason = /\/(disable|enable|revoke|undo|suspend|resume|end|refuse|withdraw|rollback)$/;

/** A body that the route takes, which names these things where it names any. */
export function exampleBody(key: RouteKey, ids: Ids): unknown {
  const make = bodies[key];
  if (make !== undefined) return make(ids);
  return withReason.test(key) && "body" in adminApi[key] ? reason : {};
}
