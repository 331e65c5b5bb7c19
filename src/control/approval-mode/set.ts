import { appendAdminEntry } from "../../audit/append.ts";
import type { ApprovalMode, NewApprovalMode } from "../../contract/approval-mode.ts";
import { AppError } from "../../contract/errors.ts";
import { tenantTx } from "../../db/tx.ts";
import type { ActionContext } from "../context.ts";
import { requirePerson, requireWholeTenant } from "../partner-scope.ts";
import { lockPolicy } from "../policy-lock.ts";
import { requireScope } from "../require-scope.ts";
import { requireMatch } from "../row-version.ts";
import { approvalModeOf } from "./get.ts";
import { otherApprovers } from "./other-approvers.ts";

/**
 * Chooses whether opening personal data takes two persons. A signed-in person alone may. `conflict` for a single
 * approver where another user may approve, or could within the last seven days.
 */
export async function setApprovalMode(ctx: ActionContext, input: NewApprovalMode): Promise<ApprovalMode> {
  requireScope(ctx, "approval-mode:write");
  requireWholeTenant(ctx);
  const person = requirePerson(ctx);
  return tenantTx(ctx.db, ctx.tenantId, async (tx) => {
    await lockPolicy(tx);
    const before = await approvalModeOf(tx, ctx.tenantId);
    requireMatch(ctx, "GET /v1/approval-mode", before);
    if (input.mode === "single_approver" && (await otherApprovers(tx, ctx.tenantId, person)) > 0)
      throw new AppError("conflict", "another user may approve, or could within the last seven days: two persons it is");
    await tx
      .updateTable("tenant")
      .set({
        approval_mode: input.mode,
        approval_mode_reason: input.reason,
        approval_mode_at: ctx.clock.now(),
        approval_mode_by: person,
      })
      .where("tenant_id", "=", ctx.tenantId)
      .execute();
    const after = await approvalModeOf(tx, ctx.tenantId);
    await appendAdminEntry(tx, ctx, {
      action: "tenant.approval_mode",
      target: { kind: "tenant", id: ctx.tenantId },
      before,
      after,
      detail: { mode: after.mode, before: before.mode, reason: input.reason },
    });
    return after;
  });
}
