import type { Selectable } from "kysely";
import type { Webhook, WebhookCheck } from "../../contract/webhook.ts";
import type { WebhookCheck as CheckTable, Webhook as WebhookTable } from "../../db/types.generated.ts";
import { isoOrNull } from "../instants.ts";

/** Never secret_sealed or allowed_address. */
export const webhookColumns = [
  "webhook_id",
  "license_id",
  "name",
  "url",
  "event_types",
  "mode",
  "state",
  "state_reason",
  "max_batch",
  "created_at",
] as const;

type WebhookRow = Pick<Selectable<WebhookTable>, (typeof webhookColumns)[number]>;

export function webhookOf(row: WebhookRow): Webhook {
  return { ...row, created_at: row.created_at.toISOString() };
}

export const checkColumns = [
  "check_id",
  "webhook_id",
  "state",
  "status",
  "error_code",
  "requested_at",
  "finished_at",
  "duration_ms",
] as const;

type CheckRow = Pick<Selectable<CheckTable>, (typeof checkColumns)[number]>;

export function checkOf(row: CheckRow): WebhookCheck {
  return { ...row, requested_at: row.requested_at.toISOString(), finished_at: isoOrNull(row.finished_at) };
}
