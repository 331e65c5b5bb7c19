import { appendAdminEntry } from "../../audit/append.ts";
import { AppError } from "../../contract/errors.ts";
import type { IncidentDetail } from "../../contract/incident.ts";
import { tenantTx } from "../../db/tx.ts";
import type { ActionContext } from "../context.ts";
import { requireWholeTenant } from "../partner-scope.ts";
import { requireScope } from "../require-scope.ts";
import { incidentDetail, lockIncident } from "./row.ts";
import { addStep, requireState } from "./step.ts";

/**
 * Closes an incident that is completed, or that was assessed without relevant risk and so need not be notified. It
 * stays in the register. `conflict` for any other.
 */
export async function closeIncident(ctx: ActionContext, input: { incident_id: string; reason: string }): Promise<IncidentDetail> {
  requireScope(ctx, "incidents:write");
  requireWholeTenant(ctx);
  const now = ctx.clock.now();
  return tenantTx(ctx.db, ctx.tenantId, async (tx) => {
    const before = await lockIncident(tx, ctx.tenantId, input.incident_id);
    requireState(before.state, ["completed", "assessed"]);
    if (before.state === "assessed" && before.risk !== "not_relevant")
      throw new AppError("conflict", "an incident with relevant risk is notified and completed before it is closed");
    await tx
      .updateTable("incident")
      .set({ state: "closed", closed_at: now })
      .where("tenant_id", "=", ctx.tenantId)
      .where("incident_id", "=", input.incident_id)
      .execute();
    await addStep(tx, ctx, { incident_id: input.incident_id, from: before.state, to: "closed", note: input.reason });
    await appendAdminEntry(tx, ctx, {
      action: "incident.close",
      target: { kind: "incident", id: input.incident_id },
      detail: { from: before.state },
    });
    return incidentDetail(tx, ctx.tenantId, { incident_id: input.incident_id, now });
  });
}

/** Adds a note to an incident that is not closed. */
export async function noteIncident(ctx: ActionContext, input: { incident_id: string; note: string }): Promise<IncidentDetail> {
  requireScope(ctx, "incidents:write");
  requireWholeTenant(ctx);
  return tenantTx(ctx.db, ctx.tenantId, async (tx) => {
    const { state } = await lockIncident(tx, ctx.tenantId, input.incident_id);
    requireState(state, ["opened", "assessed", "notified", "completed"]);
    await addStep(tx, ctx, { incident_id: input.incident_id, from: state, to: state, note: input.note });
    await appendAdminEntry(tx, ctx, { action: "incident.note", target: { kind: "incident", id: input.incident_id }, detail: { state } });
    return incidentDetail(tx, ctx.tenantId, { incident_id: input.incident_id, now: ctx.clock.now() });
  });
}
