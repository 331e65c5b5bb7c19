import type { Alert } from "../../contract/alert.ts";
import { isoOrNull } from "../instants.ts";

export const alertColumns = [
  "alert_id",
  "rule",
  "subject",
  "detail",
  "state",
  "raised_at",
  "acknowledged_at",
  "acknowledged_by",
  "resolved_at",
] as const;

type AlertRow = Pick<Alert, "alert_id" | "rule" | "subject" | "state" | "acknowledged_by"> & {
  detail: unknown;
  raised_at: Date;
  acknowledged_at: Date | null;
  resolved_at: Date | null;
};

export function alertOf(row: AlertRow): Alert {
  return {
    alert_id: row.alert_id,
    rule: row.rule,
    subject: row.subject,
    detail: { ...Object(row.detail) },
    state: row.state,
    raised_at: row.raised_at.toISOString(),
    acknowledged_at: isoOrNull(row.acknowledged_at),
    acknowledged_by: row.acknowledged_by,
    resolved_at: isoOrNull(row.resolved_at),
  };
}
