import type { ApprovalMode } from "../../contract/approval-mode.ts";
import type { Tx } from "../../db/database.ts";
import { tenantTx } from "../../db/tx.ts";
import type { ActionContext } from "../context.ts";
import { isoOrNull } from "../instants.ts";
import { requireScope } from "../require-scope.ts";

/** Whether opening personal data takes two persons at the tenant. */
export async function getApprovalMode(ctx: ActionContext): Promise<ApprovalMode> {
  requireScope(ctx, "licenses:read");
  return tenantTx(ctx.db, ctx.tenantId, (tx) => approvalModeOf(tx, ctx.tenantId));
}

/** The tenant's approval mode, for whatever shows it. */
export async function approvalModeOf(tx: Tx, tenantId: string): Promise<ApprovalMode> {
  const row = await tx
    .selectFrom("tenant")
    .select(["approval_mode", "approval_mode_reason", "approval_mode_at"])
    .where("tenant_id", "=", tenantId)
    .executeTakeFirst();
  return {
    mode: row?.approval_mode ?? "two_persons",
    reason: row?.approval_mode_reason ?? null,
    since: isoOrNull(row?.approval_mode_at ?? null),
  };
}
