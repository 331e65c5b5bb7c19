import Type, { type Static } from "typebox";
import { Id, Instant, Mode, nullable, page, sortedPageQuery, strict, text } from "./fields.ts";
import type { Route } from "./route.ts";

/** A signed challenge to the receiver, which answers 2xx with the challenge in its body. */
export const WebhookCheck = Type.Object({
  check_id: Id,
  webhook_id: Id,
  state: Type.Enum(["requested", "running", "passed", "failed"]),
  /** HTTP status of the receiver's answer; null when none came. */
  status: nullable(Type.Integer()),
  error_code: nullable(Type.String()),
  requested_at: Instant,
  finished_at: nullable(Instant),
  duration_ms: nullable(Type.Integer()),
});
export type WebhookCheck = Static<typeof WebhookCheck>;

export const Webhook = Type.Object({
  webhook_id: Id,
  license_id: Id,
  name: Type.String(),
  url: Type.String(),
  event_types: Type.Array(Type.String()),
  mode: Mode,
  state: Type.Enum(["pending", "verified", "paused", "failing", "disabled"]),
  state_reason: nullable(Type.String()),
  max_batch: Type.Integer(),
  created_at: Instant,
});
export type Webhook = Static<typeof Webhook>;

export const WebhookDetail = Type.Object({ ...Webhook.properties, last_check: nullable(WebhookCheck) });
export type WebhookDetail = Static<typeof WebhookDetail>;

export const NewWebhook = strict({
  license_id: Id,
  name: text(200),
  /** https, a public host name or address, no credentials, no fragment. */
  url: text(2000),
  event_types: Type.Array(text(100), { minItems: 1, maxItems: 100 }),
  mode: Mode,
  max_batch: Type.Optional(Type.Integer({ minimum: 1, maximum: 500 })),
});
export type NewWebhook = Static<typeof NewWebhook>;

/** What is named is replaced whole; another URL makes the webhook pending until its check has succeeded. */
export const WebhookChange = Type.Partial(
  Type.Object({
    name: NewWebhook.properties.name,
    url: NewWebhook.properties.url,
    event_types: NewWebhook.properties.event_types,
    max_batch: Type.Integer({ minimum: 1, maximum: 500 }),
  }),
  { additionalProperties: false },
);
export type WebhookChange = Static<typeof WebhookChange>;

/** `secret` (`whsec_…`, Standard Webhooks) is shown in this reply and never again. */
export const CreatedWebhook = Type.Object({ ...Webhook.properties, secret: Type.String() });
export type CreatedWebhook = Static<typeof CreatedWebhook>;

export const webhookRoutes = {
  "POST /v1/webhooks": {
    summary: "Create a webhook; it gets events once its check has succeeded",
    permission: "webhooks:write",
    body: NewWebhook,
    reply: CreatedWebhook,
    status: 201,
    errors: ["conflict"],
    creates: { shownOnce: ["secret"] },
  },
  "GET /v1/webhooks": {
    summary: "List webhooks, newest first by default",
    permission: "webhooks:read",
    query: strict({ ...sortedPageQuery, license_id: Type.Optional(Id) }),
    reply: page(Webhook),
    status: 200,
    errors: [],
  },
  "GET /v1/webhooks/{webhook_id}": {
    summary: "Show a webhook and its last check",
    permission: "webhooks:read",
    params: strict({ webhook_id: Id }),
    reply: WebhookDetail,
    status: 200,
    errors: [],
    // state and check change by themselves
    etag: ["webhook_id", "name", "url", "event_types", "max_batch"],
  },
  "PATCH /v1/webhooks/{webhook_id}": {
    summary: "Change name, URL, event types or batch size of a webhook; another URL has to be checked again",
    permission: "webhooks:write",
    params: strict({ webhook_id: Id }),
    body: WebhookChange,
    reply: Webhook,
    status: 200,
    errors: ["conflict"],
    ifMatch: "GET /v1/webhooks/{webhook_id}",
  },
  "POST /v1/webhooks/{webhook_id}/test": {
    summary: "Ask for a signed challenge to the webhook; its result shows in the webhook's last_check",
    permission: "webhooks:write",
    params: strict({ webhook_id: Id }),
    reply: WebhookCheck,
    status: 202,
    errors: [],
    creates: true,
  },
} as const satisfies Record<string, Route>;
