import { appendAdminEntry } from "../../audit/append.ts";
import type { ServiceChange, ServiceDetail } from "../../contract/service.ts";
import { tenantTx } from "../../db/tx.ts";
import type { ActionContext } from "../context.ts";
import { requireWholeTenant } from "../partner-scope.ts";
import { lockPolicy } from "../policy-lock.ts";
import { requireScope } from "../require-scope.ts";
import { requireMatch } from "../row-version.ts";
import { refuseKnownName } from "./create.ts";
import { serviceDetail } from "./row.ts";
import { checkTargets, replaceTargets, urlsOf } from "./targets.ts";

/** Changes what is given; the rest stays. `conflict` for a name that another service has. */
export async function changeService(ctx: ActionContext, input: ServiceChange & { service_id: string }): Promise<ServiceDetail> {
  requireScope(ctx, "services:write");
  requireWholeTenant(ctx);
  if (input.targets !== undefined) checkTargets(input.targets, ctx.ownPlaces);
  return tenantTx(ctx.db, ctx.tenantId, async (tx) => {
    await lockPolicy(tx);
    const before = await serviceDetail(tx, ctx.tenantId, input.service_id);
    requireMatch(ctx, "GET /v1/services/{service_id}", before);
    if (input.name !== undefined) await refuseKnownName(tx, ctx.tenantId, input.name, input.service_id);
    const values = columnsOf(input);
    if (Object.keys(values).length === 0) return before;
    await tx.updateTable("service").set(values).where("tenant_id", "=", ctx.tenantId).where("service_id", "=", input.service_id).execute();
    const key = { tenant_id: ctx.tenantId, service_id: input.service_id };
    if (input.targets !== undefined) await replaceTargets(tx, key, input.targets);
    const after = await serviceDetail(tx, ctx.tenantId, input.service_id);
    await appendAdminEntry(tx, ctx, {
      action: "service.change",
      target: { kind: "service", id: input.service_id },
      before: settingsOf(before),
      after: settingsOf(after),
      detail: { changed: Object.keys(input).filter((name) => name !== "service_id"), now: settingsOf(after) },
    });
    return after;
  });
}

function columnsOf(input: ServiceChange) {
  return {
    ...(input.name === undefined ? {} : { name: input.name }),
    ...(input.targets === undefined ? {} : urlsOf(input.targets)),
    ...(input.health_check === undefined
      ? {}
      : { health_path: input.health_check.path, health_every_seconds: input.health_check.every_seconds }),
    ...(input.status_map === undefined ? {} : { status_map: JSON.stringify(input.status_map) }),
  };
}

function settingsOf({ name, targets, health_check, status_map }: ServiceDetail) {
  return { name, targets, health_check, status_map };
}
