import type { OperationDetail } from "../../contract/service.ts";
import { tenantTx } from "../../db/tx.ts";
import type { ActionContext } from "../context.ts";
import { requireWholeTenant } from "../partner-scope.ts";
import { requireScope } from "../require-scope.ts";
import { operationDetail } from "./row.ts";

/** An operation with its schemas, the classes of its fields, and the licenses that hold it. */
export async function getOperation(ctx: ActionContext, input: { service_id: string; operation_id: string }): Promise<OperationDetail> {
  requireScope(ctx, "services:read");
  requireWholeTenant(ctx);
  return tenantTx(ctx.db, ctx.tenantId, (tx) => operationDetail(tx, ctx.tenantId, input));
}
