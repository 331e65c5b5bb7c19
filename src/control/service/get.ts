import { AppError } from "../../contract/errors.ts";
import type { ServiceDetail } from "../../contract/service.ts";
import { tenantTx } from "../../db/tx.ts";
import type { ActionContext } from "../context.ts";
import { requireWholeTenant } from "../partner-scope.ts";
import { requireScope } from "../require-scope.ts";
import { serviceDetail } from "./row.ts";

/** A service with its targets; never its credential. */
export async function getService(ctx: ActionContext, input: { service_id: string }): Promise<ServiceDetail> {
  requireScope(ctx, "services:read");
  requireWholeTenant(ctx);
  return tenantTx(ctx.db, ctx.tenantId, (tx) => serviceDetail(tx, ctx.tenantId, input.service_id));
}

/** The document that is registered, or was as the version given; `not-found` for one that never was. */
export async function getOpenapi(
  ctx: ActionContext,
  input: { service_id: string; version?: number },
): Promise<{ version: number; openapi: unknown }> {
  requireScope(ctx, "services:read");
  requireWholeTenant(ctx);
  const row = await tenantTx(ctx.db, ctx.tenantId, (tx) =>
    tx
      .selectFrom("service_version")
      .select(["version", "openapi"])
      .where("tenant_id", "=", ctx.tenantId)
      .where("service_id", "=", input.service_id)
      .$if(input.version !== undefined, (select) => select.where("version", "=", input.version ?? 0))
      .orderBy("version", "desc")
      .executeTakeFirst(),
  );
  if (row === undefined) throw new AppError("not-found");
  return row;
}
