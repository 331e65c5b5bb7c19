import type { Selectable } from "kysely";
import type { Attempt, Delivery } from "../../contract/delivery.ts";
import type { Attempt as AttemptTable, Delivery as DeliveryTable } from "../../db/types.generated.ts";
import { isoOrNull } from "../instants.ts";

export const deliveryColumns = [
  "delivery_id",
  "webhook_id",
  "type",
  "variant",
  "state",
  "state_reason",
  "event_ids",
  "first_sequence",
  "last_sequence",
  "attempts",
  "due_at",
  "created_at",
  "ended_at",
] as const;

export type DeliveryRow = Pick<Selectable<DeliveryTable>, (typeof deliveryColumns)[number]>;

export function deliveryOf(row: DeliveryRow): Delivery {
  return {
    delivery_id: row.delivery_id,
    webhook_id: row.webhook_id,
    type: row.type,
    variant: row.variant,
    state: row.state,
    state_reason: row.state_reason,
    items: row.event_ids.length,
    first_sequence: String(row.first_sequence),
    last_sequence: String(row.last_sequence),
    attempts: row.attempts,
    due_at: row.state === "pending" ? row.due_at.toISOString() : null,
    created_at: row.created_at.toISOString(),
    ended_at: isoOrNull(row.ended_at),
  };
}

export const attemptColumns = [
  "attempt_id",
  "number",
  "started_at",
  "duration_ms",
  "status",
  "outcome",
  "error_code",
  "response_excerpt",
] as const;

type AttemptRow = Pick<Selectable<AttemptTable>, (typeof attemptColumns)[number]>;

export function attemptOf(row: AttemptRow): Attempt {
  return { ...row, started_at: row.started_at.toISOString() };
}
