import type { Actor } from "../../audit/append.ts";
import { AppError } from "../../contract/errors.ts";
import type { Tx } from "../../db/database.ts";
import { approvalModeOf } from "../approval-mode/get.ts";
import { otherApprovers } from "../approval-mode/other-approvers.ts";
import type { ActionContext } from "../context.ts";
import { authorsOf } from "../license/authors.ts";
import { requireScope } from "../require-scope.ts";

/**
 * Who may open personal data again: somebody who approves licenses and neither set the switch nor made the key that did.
 * True: the same person does, in single-approver mode, while nobody else could approve. Refuses (`forbidden`) every other.
 */
export async function requireSecondPerson(tx: Tx, ctx: ActionContext, of: { person: string; setter: Actor }): Promise<boolean> {
  requireScope(ctx, "licenses:approve");
  const authors = await authorsOf(tx, { tenantId: ctx.tenantId, actor: of.setter });
  if (!authors.includes(`user:${of.person}`)) return false;
  const { mode } = await approvalModeOf(tx, ctx.tenantId);
  if (mode === "single_approver" && (await otherApprovers(tx, ctx.tenantId, of.person)) === 0) return true;
  throw new AppError("forbidden", "personal data would open again: another person than the one who set it undoes it");
}

/** Who set a switch, as set.ts wrote it from its own actor. */
export function setterOf(row: { set_by_kind: string; set_by: string }): Actor {
  return { kind: row.set_by_kind as Actor["kind"], id: row.set_by };
}
