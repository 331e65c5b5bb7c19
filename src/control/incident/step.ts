import { sql } from "kysely";
import { AppError } from "../../contract/errors.ts";
import type { Incident } from "../../contract/incident.ts";
import type { Tx } from "../../db/database.ts";
import type { ActionContext } from "../context.ts";

type Step = { incident_id: string; from: Incident["state"] | null; to: Incident["state"]; note: string | null };

/** Adds a step to the incident's own history. */
export async function addStep(tx: Tx, ctx: ActionContext, step: Step): Promise<void> {
  const next = sql<number>`(SELECT coalesce(max(step), 0) + 1 FROM aqueduto.incident_step
    WHERE tenant_id = ${ctx.tenantId} AND incident_id = ${step.incident_id})`;
  await tx
    .insertInto("incident_step")
    .values({
      tenant_id: ctx.tenantId,
      incident_id: step.incident_id,
      step: next,
      at: ctx.clock.now(),
      actor_kind: ctx.actor.kind,
      actor_id: ctx.actor.id,
      from_state: step.from,
      to_state: step.to,
      note: step.note,
    })
    .execute();
}

/** Refuses (`conflict`) a step that the state does not allow. */
export function requireState(state: Incident["state"], allowed: readonly Incident["state"][]): void {
  if (!allowed.includes(state)) throw new AppError("conflict", `the incident is ${state}; this needs ${allowed.join(" or ")}`);
}
