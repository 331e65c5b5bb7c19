import { appendAdminEntry } from "../../audit/append.ts";
import { AppError } from "../../contract/errors.ts";
import type { IncidentDetail, NewIncident } from "../../contract/incident.ts";
import { tenantTx } from "../../db/tx.ts";
import { newId } from "../../platform/ids.ts";
import type { ActionContext } from "../context.ts";
import { parseInstant } from "../instants.ts";
import { requireWholeTenant } from "../partner-scope.ts";
import { requireScope } from "../require-scope.ts";
import { incidentDetail, tenantTimeZone } from "./row.ts";
import { addStep } from "./step.ts";
import { notifyDueAt } from "./terms.ts";

/** Opens an incident. `invalid-field` for instants in the future: nothing is known before it is known. */
export async function openIncident(ctx: ActionContext, input: NewIncident): Promise<IncidentDetail> {
  requireScope(ctx, "incidents:write");
  requireWholeTenant(ctx);
  const now = ctx.clock.now();
  const knownAt = parsePast(input.known_at, now, "/body/known_at");
  const occurredAt = input.occurred_at === undefined ? null : parsePast(input.occurred_at, now, "/body/occurred_at");
  const incidentId = newId("inc");
  return tenantTx(ctx.db, ctx.tenantId, async (tx) => {
    const small_agent = input.small_agent ?? false;
    const dueAt = notifyDueAt(knownAt, { small_agent, timeZone: await tenantTimeZone(tx, ctx.tenantId) });
    await tx
      .insertInto("incident")
      .values({
        tenant_id: ctx.tenantId,
        incident_id: incidentId,
        state: "opened",
        title: input.title,
        description: input.description,
        occurred_at: occurredAt,
        known_at: knownAt,
        small_agent,
        notify_due_at: dueAt,
        created_at: now,
      })
      .execute();
    await addStep(tx, ctx, { incident_id: incidentId, from: null, to: "opened", note: null });
    await appendAdminEntry(tx, ctx, {
      action: "incident.open",
      target: { kind: "incident", id: incidentId },
      detail: { known_at: knownAt.toISOString(), notify_due_at: dueAt.toISOString(), small_agent },
    });
    return incidentDetail(tx, ctx.tenantId, { incident_id: incidentId, now });
  });
}

/** An instant that has passed; `invalid-field` otherwise. */
export function parsePast(text: string, now: Date, pointer: string): Date {
  const at = parseInstant(text, pointer);
  if (at > now) throw new AppError("invalid-field", "this instant has not come yet", { pointer });
  return at;
}
