import { appendAdminEntry } from "../../audit/append.ts";
import { AppError } from "../../contract/errors.ts";
import type { IncidentDetail, Notification } from "../../contract/incident.ts";
import { tenantTx } from "../../db/tx.ts";
import type { ActionContext } from "../context.ts";
import { requireWholeTenant } from "../partner-scope.ts";
import { requireScope } from "../require-scope.ts";
import { parsePast } from "./open.ts";
import { incidentDetail, lockIncident, tenantTimeZone } from "./row.ts";
import { addStep, requireState } from "./step.ts";
import { completeDueAt } from "./terms.ts";

/**
 * Records that the authority was told. `conflict` before the assessment; `invalid-field` without `delay_reason` when the
 * term was over (Res. CD/ANPD 15/2024, art. 6).
 */
export async function notifyIncident(ctx: ActionContext, input: Notification & { incident_id: string }): Promise<IncidentDetail> {
  requireScope(ctx, "incidents:write");
  requireWholeTenant(ctx);
  const now = ctx.clock.now();
  const notifiedAt = parsePast(input.notified_at, now, "/body/notified_at");
  const subjectsAt =
    input.subjects_notified_at === undefined ? null : parsePast(input.subjects_notified_at, now, "/body/subjects_notified_at");
  return tenantTx(ctx.db, ctx.tenantId, async (tx) => {
    const before = await lockIncident(tx, ctx.tenantId, input.incident_id);
    requireState(before.state, ["assessed"]);
    if (notifiedAt < before.known_at)
      throw new AppError("invalid-field", "nobody was told before it was known", { pointer: "/body/notified_at" });
    requireReason(notifiedAt > before.notify_due_at, input.delay_reason);
    const dueAt = completeDueAt(notifiedAt, { small_agent: before.small_agent, timeZone: await tenantTimeZone(tx, ctx.tenantId) });
    await tx
      .updateTable("incident")
      .set({
        state: "notified",
        notified_at: notifiedAt,
        subjects_notified_at: subjectsAt,
        authority_protocol: input.authority_protocol ?? null,
        delay_reason: input.delay_reason ?? null,
        complete_due_at: dueAt,
      })
      .where("tenant_id", "=", ctx.tenantId)
      .where("incident_id", "=", input.incident_id)
      .execute();
    await addStep(tx, ctx, { incident_id: input.incident_id, from: before.state, to: "notified", note: input.note ?? null });
    await appendAdminEntry(tx, ctx, {
      action: "incident.notify",
      target: { kind: "incident", id: input.incident_id },
      detail: { notified_at: notifiedAt.toISOString(), late: notifiedAt > before.notify_due_at, complete_due_at: dueAt.toISOString() },
    });
    return incidentDetail(tx, ctx.tenantId, { incident_id: input.incident_id, now });
  });
}

/** `invalid-field` when a term was not met and nobody says why. */
export function requireReason(late: boolean, reason: string | undefined): void {
  if (late && reason === undefined) throw new AppError("invalid-field", "the term is over: say why", { pointer: "/body/delay_reason" });
}
