import type { Incident, IncidentDetail } from "../../contract/incident.ts";
import { tenantTx } from "../../db/tx.ts";
import type { ActionContext } from "../context.ts";
import { limitOf, pageOf, type Page, type PageQuery } from "../page.ts";
import { requireWholeTenant } from "../partner-scope.ts";
import { requireScope } from "../require-scope.ts";
import { incidentColumns, incidentDetail, incidentOf, tenantTimeZone } from "./row.ts";

/** The incident register, newest first. */
export async function listIncidents(ctx: ActionContext, query: PageQuery & { state?: Incident["state"] }): Promise<Page<Incident>> {
  requireScope(ctx, "incidents:read");
  requireWholeTenant(ctx);
  return tenantTx(ctx.db, ctx.tenantId, async (tx) => {
    const at = { now: ctx.clock.now(), timeZone: await tenantTimeZone(tx, ctx.tenantId) };
    const rows = await tx
      .selectFrom("incident")
      .select(incidentColumns)
      .where("tenant_id", "=", ctx.tenantId)
      .$if(query.state !== undefined, (select) => select.where("state", "=", query.state ?? "opened"))
      .$if(query.cursor !== undefined, (select) => select.where("incident_id", "<", query.cursor ?? ""))
      .orderBy("incident_id", "desc")
      .limit(limitOf(query) + 1)
      .execute();
    return pageOf(rows, query, { item: (row) => incidentOf(row, at), cursor: (row) => row.incident_id });
  });
}

/** An incident with its clock and every step; `not-found` for an id that the tenant does not have. */
export async function getIncident(ctx: ActionContext, input: { incident_id: string }): Promise<IncidentDetail> {
  requireScope(ctx, "incidents:read");
  requireWholeTenant(ctx);
  return tenantTx(ctx.db, ctx.tenantId, (tx) => incidentDetail(tx, ctx.tenantId, { ...input, now: ctx.clock.now() }));
}
