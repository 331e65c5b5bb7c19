import type { Tx } from "../../db/database.ts";

/** How licenses are approved here, as the record of processing and every export must say it. */
export async function approvalText(tx: Tx, tenantId: string): Promise<string> {
  const row = await tx
    .selectFrom("tenant")
    .select(["approval_mode", "approval_mode_reason", "approval_mode_at"])
    .where("tenant_id", "=", tenantId)
    .executeTakeFirstOrThrow();
  if (row.approval_mode !== "single_approver") return "two_persons";
  return `single_approver since ${row.approval_mode_at?.toISOString() ?? "?"}: ${row.approval_mode_reason ?? ""}`;
}
