import Type, { type Static } from "typebox";
import { Id, Instant, nullable, page, pageQuery, strict } from "./fields.ts";
import type { Route } from "./route.ts";

const DeliveryState = Type.Enum(["pending", "delivered", "dead", "cancelled", "held"]);

export const Delivery = Type.Object({
  /** The webhook-id header of all its attempts. */
  delivery_id: Id,
  webhook_id: Id,
  type: Type.String(),
  variant: Type.Enum(["whole", "thin"]),
  state: DeliveryState,
  state_reason: nullable(Type.String()),
  items: Type.Integer(),
  /** Numbers of its first and last item in the webhook's sequence (decimal integers). */
  first_sequence: Type.String(),
  last_sequence: Type.String(),
  attempts: Type.Integer(),
  /** When the next attempt is due, while it is pending. */
  due_at: nullable(Instant),
  created_at: Instant,
  ended_at: nullable(Instant),
});
export type Delivery = Static<typeof Delivery>;

export const Attempt = Type.Object({
  attempt_id: Id,
  /** 1 = first. */
  number: Type.Integer(),
  started_at: Instant,
  duration_ms: Type.Integer(),
  /** HTTP status; null when no answer came. */
  status: nullable(Type.Integer()),
  outcome: Type.Enum(["delivered", "retry", "dead", "cancelled"]),
  error_code: nullable(Type.String()),
  response_excerpt: nullable(Type.String()),
});
export type Attempt = Static<typeof Attempt>;

export const DeliveryDetail = Type.Object({
  ...Delivery.properties,
  event_ids: Type.Array(Id),
  tries: Type.Array(Attempt),
});
export type DeliveryDetail = Static<typeof DeliveryDetail>;

export const deliveryRoutes = {
  "GET /v1/deliveries": {
    summary: "List deliveries, newest first",
    permission: "deliveries:read",
    query: strict({ ...pageQuery, webhook_id: Type.Optional(Id), state: Type.Optional(DeliveryState) }),
    reply: page(Delivery),
    status: 200,
    errors: [],
  },
  "GET /v1/deliveries/{delivery_id}": {
    summary: "Show a delivery, its events and its attempts",
    permission: "deliveries:read",
    params: strict({ delivery_id: Id }),
    reply: DeliveryDetail,
    status: 200,
    errors: [],
  },
} as const satisfies Record<string, Route>;
