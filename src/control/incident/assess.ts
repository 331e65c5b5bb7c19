import { appendAdminEntry } from "../../audit/append.ts";
import type { Assessment, IncidentDetail } from "../../contract/incident.ts";
import { tenantTx } from "../../db/tx.ts";
import type { ActionContext } from "../context.ts";
import { requireWholeTenant } from "../partner-scope.ts";
import { requireScope } from "../require-scope.ts";
import { incidentDetail, lockIncident } from "./row.ts";
import { addStep, requireState } from "./step.ts";

/** Records what the incident means for the persons affected. `conflict` once the authority was notified. */
export async function assessIncident(ctx: ActionContext, input: Assessment & { incident_id: string }): Promise<IncidentDetail> {
  requireScope(ctx, "incidents:write");
  requireWholeTenant(ctx);
  return tenantTx(ctx.db, ctx.tenantId, async (tx) => {
    const before = await lockIncident(tx, ctx.tenantId, input.incident_id);
    requireState(before.state, ["opened", "assessed"]);
    const { risk, categories, subjects_estimate = null, measures = null } = input;
    await tx
      .updateTable("incident")
      .set({
        state: "assessed",
        risk,
        categories: [...categories],
        subjects_estimate: subjects_estimate === null ? null : BigInt(subjects_estimate),
        measures,
      })
      .where("tenant_id", "=", ctx.tenantId)
      .where("incident_id", "=", input.incident_id)
      .execute();
    await addStep(tx, ctx, { incident_id: input.incident_id, from: before.state, to: "assessed", note: input.note ?? null });
    await appendAdminEntry(tx, ctx, {
      action: "incident.assess",
      target: { kind: "incident", id: input.incident_id },
      detail: { from: before.state, risk, categories, subjects_estimate },
    });
    return incidentDetail(tx, ctx.tenantId, { incident_id: input.incident_id, now: ctx.clock.now() });
  });
}
