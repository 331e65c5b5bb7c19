import { appendAdminEntry } from "../../audit/append.ts";
import type { IncidentDetail } from "../../contract/incident.ts";
import { tenantTx } from "../../db/tx.ts";
import type { ActionContext } from "../context.ts";
import { requireWholeTenant } from "../partner-scope.ts";
import { requireScope } from "../require-scope.ts";
import { requireReason } from "./notify.ts";
import { parsePast } from "./open.ts";
import { incidentDetail, lockIncident } from "./row.ts";
import { addStep, requireState } from "./step.ts";

type Completion = { incident_id: string; subjects_notified_at?: string; delay_reason?: string; note?: string };

/** Records that the notification was completed. `invalid-field` without `delay_reason` when the term was over. */
export async function completeIncident(ctx: ActionContext, input: Completion): Promise<IncidentDetail> {
  requireScope(ctx, "incidents:write");
  requireWholeTenant(ctx);
  const now = ctx.clock.now();
  const subjectsAt =
    input.subjects_notified_at === undefined ? undefined : parsePast(input.subjects_notified_at, now, "/body/subjects_notified_at");
  return tenantTx(ctx.db, ctx.tenantId, async (tx) => {
    const before = await lockIncident(tx, ctx.tenantId, input.incident_id);
    requireState(before.state, ["notified"]);
    const late = before.complete_due_at !== null && now > before.complete_due_at;
    requireReason(late, input.delay_reason);
    const reasons = [before.delay_reason, input.delay_reason].filter((reason) => typeof reason === "string");
    await tx
      .updateTable("incident")
      .set({
        state: "completed",
        completed_at: now,
        delay_reason: reasons.length === 0 ? null : reasons.join("\n"),
        ...(subjectsAt === undefined ? {} : { subjects_notified_at: subjectsAt }),
      })
      .where("tenant_id", "=", ctx.tenantId)
      .where("incident_id", "=", input.incident_id)
      .execute();
    await addStep(tx, ctx, { incident_id: input.incident_id, from: before.state, to: "completed", note: input.note ?? null });
    await appendAdminEntry(tx, ctx, {
      action: "incident.complete",
      target: { kind: "incident", id: input.incident_id },
      detail: { late },
    });
    return incidentDetail(tx, ctx.tenantId, { incident_id: input.incident_id, now });
  });
}
