import type { Selectable } from "kysely";
import { AppError } from "../../contract/errors.ts";
import type { Incident, IncidentDetail } from "../../contract/incident.ts";
import type { Tx } from "../../db/database.ts";
import type { Incident as IncidentTable } from "../../db/types.generated.ts";
import { isoOrNull } from "../instants.ts";
import { clockOf } from "./terms.ts";

export const incidentColumns = [
  "incident_id",
  "state",
  "title",
  "description",
  "occurred_at",
  "known_at",
  "small_agent",
  "notify_due_at",
  "complete_due_at",
  "risk",
  "categories",
  "subjects_estimate",
  "measures",
  "notified_at",
  "subjects_notified_at",
  "authority_protocol",
  "delay_reason",
  "completed_at",
  "closed_at",
  "created_at",
] as const;

export type IncidentRow = Pick<Selectable<IncidentTable>, (typeof incidentColumns)[number]>;
export type At = { now: Date; timeZone: string };

export function incidentOf(row: IncidentRow, { now, timeZone }: At): Incident {
  return {
    ...row,
    occurred_at: isoOrNull(row.occurred_at),
    known_at: row.known_at.toISOString(),
    notify_due_at: row.notify_due_at.toISOString(),
    complete_due_at: isoOrNull(row.complete_due_at),
    subjects_estimate: row.subjects_estimate === null ? null : Number(row.subjects_estimate),
    notified_at: isoOrNull(row.notified_at),
    subjects_notified_at: isoOrNull(row.subjects_notified_at),
    completed_at: isoOrNull(row.completed_at),
    closed_at: isoOrNull(row.closed_at),
    created_at: row.created_at.toISOString(),
    clock: clockOf(row, now, timeZone),
  };
}

/** The time zone that the utility's days are counted in. */
export async function tenantTimeZone(tx: Tx, tenantId: string): Promise<string> {
  const row = await tx.selectFrom("tenant").select("time_zone").where("tenant_id", "=", tenantId).executeTakeFirstOrThrow();
  return row.time_zone;
}

/** The row, locked until the transaction ends; `not-found` for an id that the tenant does not have. */
export async function lockIncident(tx: Tx, tenantId: string, incidentId: string): Promise<IncidentRow> {
  const row = await tx
    .selectFrom("incident")
    .select(incidentColumns)
    .where("tenant_id", "=", tenantId)
    .where("incident_id", "=", incidentId)
    .forUpdate()
    .executeTakeFirst();
  if (row === undefined) throw new AppError("not-found");
  return row;
}

/** An incident with its steps; `not-found` for an id that the tenant does not have. */
export async function incidentDetail(tx: Tx, tenantId: string, of: { incident_id: string; now: Date }): Promise<IncidentDetail> {
  const timeZone = await tenantTimeZone(tx, tenantId);
  const row = await tx
    .selectFrom("incident")
    .select(incidentColumns)
    .where("tenant_id", "=", tenantId)
    .where("incident_id", "=", of.incident_id)
    .executeTakeFirst();
  if (row === undefined) throw new AppError("not-found");
  const steps = await tx
    .selectFrom("incident_step")
    .select(["step", "at", "actor_kind", "actor_id", "from_state", "to_state", "note"])
    .where("tenant_id", "=", tenantId)
    .where("incident_id", "=", of.incident_id)
    .orderBy("step")
    .execute();
  return {
    ...incidentOf(row, { now: of.now, timeZone }),
    steps: steps.map((step) => ({
      ...step,
      at: step.at.toISOString(),
      from_state: step.from_state === null ? null : stateOf(step.from_state),
      to_state: stateOf(step.to_state),
    })),
  };
}

/** Steps are written by control alone, from states of the table incident. */
function stateOf(text: string): Incident["state"] {
  return text as Incident["state"];
}
