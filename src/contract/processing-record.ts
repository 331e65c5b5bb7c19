import Type, { type Static } from "typebox";
import { Id, Instant, nullable, strict } from "./fields.ts";
import type { Route } from "./route.ts";

const Month = Type.String({ pattern: "^20[2-9][0-9]-(0[1-9]|1[0-2])$" });

/** One row of the record of processing (LGPD art. 37): what one license does with one operation or event type in a period. */
export const ProcessingRow = Type.Object({
  period_from: Instant,
  /** Not itself in the period. */
  period_to: Instant,
  partner_id: Id,
  partner_name: Type.String(),
  license_id: Id,
  license_name: Type.String(),
  license_version: Type.Integer(),
  license_state: Type.String(),
  purpose: Type.String(),
  legal_basis: Type.String(),
  starts_at: Instant,
  ends_at: Instant,
  kind: Type.Enum(["operation", "event"]),
  /** operationId, or event type. */
  name: Type.String(),
  /** `class=level` of what is shown now, e.g. `identity=masked`. */
  categories: Type.Array(Type.String()),
  /** Calls answered with data, or events delivered. */
  volume: Type.Integer(),
  refused: Type.Integer(),
  first_at: nullable(Instant),
  last_at: nullable(Instant),
  retention: Type.String(),
  /** How licenses are approved at this utility; single_approver with its reason and date. */
  approval: Type.String(),
});
export type ProcessingRow = Static<typeof ProcessingRow>;

const period = {
  /** First month of the period, `YYYY-MM` (UTC). */
  from: Month,
  /** Last month of the period; default: the same. */
  to: Type.Optional(Month),
};

export const processingColumns = Object.keys(ProcessingRow.properties);

export const processingRecordRoutes = {
  "POST /v1/processing-record/export": {
    summary: "The record of processing (LGPD art. 37) of a period, as lines of JSON or as CSV; the export is audited",
    permission: "privacy:read",
    body: strict({ ...period, format: Type.Optional(Type.Enum(["ndjson", "csv"])) }),
    reply: ProcessingRow,
    status: 200,
    errors: [],
    stream: true,
    csv: processingColumns,
  },
} as const satisfies Record<string, Route>;
