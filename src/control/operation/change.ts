import { appendAdminEntry } from "../../audit/append.ts";
import { AppError } from "../../contract/errors.ts";
import type { OperationChangeInput, OperationDetail } from "../../contract/service.ts";
import { tenantTx } from "../../db/tx.ts";
import type { ActionContext } from "../context.ts";
import { parseInstant } from "../instants.ts";
import { requireWholeTenant } from "../partner-scope.ts";
import { lockPolicy } from "../policy-lock.ts";
import { requireScope } from "../require-scope.ts";
import { requireMatch } from "../row-version.ts";
import { operationDetail } from "./row.ts";

type Change = OperationChangeInput & { service_id: string; operation_id: string };

/**
 * Sets an operation's deadline and the dates that its answers announce: `Deprecation` (RFC 9745) and `Sunset` (RFC 8594).
 * The dates are announced, not enforced. `invalid-field` for a sunset without deprecation, or before it.
 */
export async function changeOperation(ctx: ActionContext, input: Change): Promise<OperationDetail> {
  requireScope(ctx, "services:write");
  requireWholeTenant(ctx);
  return tenantTx(ctx.db, ctx.tenantId, async (tx) => {
    await lockPolicy(tx);
    const before = await operationDetail(tx, ctx.tenantId, input);
    requireMatch(ctx, "GET /v1/services/{service_id}/operations/{operation_id}", before);
    const dates = datesOf(input, before);
    await tx
      .updateTable("operation")
      .set({ ...dates, ...(input.timeout_ms === undefined ? {} : { timeout_override_ms: input.timeout_ms }) })
      .where("tenant_id", "=", ctx.tenantId)
      .where("service_id", "=", input.service_id)
      .where("operation_id", "=", input.operation_id)
      .execute();
    const after = await operationDetail(tx, ctx.tenantId, input);
    await appendAdminEntry(tx, ctx, {
      action: "operation.change",
      target: { kind: "operation", id: input.operation_id },
      before: settingsOf(before),
      after: settingsOf(after),
      detail: { service_id: input.service_id, ...settingsOf(after) },
    });
    return after;
  });
}

function datesOf(input: Change, before: OperationDetail): { deprecated_at: Date | null; sunset_at: Date | null } {
  const deprecated = input.deprecated_at === undefined ? before.deprecated_at : input.deprecated_at;
  const sunset = input.sunset_at === undefined ? before.sunset_at : input.sunset_at;
  const deprecated_at = deprecated === null ? null : parseInstant(deprecated, "/body/deprecated_at");
  const sunset_at = sunset === null ? null : parseInstant(sunset, "/body/sunset_at");
  if (sunset_at !== null && (deprecated_at === null || sunset_at < deprecated_at))
    throw new AppError("invalid-field", "an operation is deprecated before its sunset", { pointer: "/body/sunset_at" });
  return { deprecated_at, sunset_at };
}

function settingsOf({ timeout_ms, deprecated_at, sunset_at }: OperationDetail) {
  return { timeout_ms, deprecated_at, sunset_at };
}
