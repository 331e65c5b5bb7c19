import type { OpenapiDiff } from "../../contract/diff-openapi.ts";
import type { Finding } from "../../contract/lint-openapi.ts";
import { tenantTx } from "../../db/tx.ts";
import { AppError } from "../../contract/errors.ts";
import type { ActionContext } from "../context.ts";
import { requireWholeTenant } from "../partner-scope.ts";
import { requireScope } from "../require-scope.ts";
import { inspectDocument } from "./read-document.ts";
import type { OpenedCell } from "../../contract/service.ts";
import { openedCells } from "./opened-cells.ts";
import { heldOperations, type HeldOperation } from "./replace-operations.ts";
import { diffWithStored } from "./versions.ts";

/** What a document would change, and which licenses stand in its way: by what they hold, or by what it would open to them. `diff` is null while a finding is an error. */
export async function diffServiceOpenapi(
  ctx: ActionContext,
  input: { service_id: string; openapi: unknown },
): Promise<{ findings: Finding[]; diff: OpenapiDiff | null; held: HeldOperation[]; opened: OpenedCell[] }> {
  requireScope(ctx, "services:read");
  requireWholeTenant(ctx);
  return tenantTx(ctx.db, ctx.tenantId, async (tx) => {
    const stored = await tx
      .selectFrom("service")
      .select("openapi")
      .where("tenant_id", "=", ctx.tenantId)
      .where("service_id", "=", input.service_id)
      .executeTakeFirst();
    if (stored === undefined) throw new AppError("not-found");
    const { findings, operations } = inspectDocument(input.openapi);
    if (operations === undefined) return { findings, diff: null, held: [], opened: [] };
    const key = { tenant_id: ctx.tenantId, service_id: input.service_id };
    return {
      findings,
      diff: diffWithStored(stored.openapi, operations),
      held: await heldOperations(tx, key, operations),
      opened: await openedCells(tx, key, operations),
    };
  });
}

/** Every finding about a document that is registered nowhere, and the operations it would give. */
export async function lintDocument(
  ctx: Pick<ActionContext, "scopes" | "partnerIds">,
  input: { openapi: unknown },
): Promise<{ findings: Finding[]; operations: string[] }> {
  requireScope(ctx, "services:read");
  requireWholeTenant(ctx);
  const { findings, operations } = inspectDocument(input.openapi);
  return { findings, operations: (operations ?? []).map((operation) => operation.operation_id) };
}
