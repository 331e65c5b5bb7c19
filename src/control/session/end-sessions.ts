import { appendAdminEntry } from "../../audit/append.ts";
import type { Tx } from "../../db/database.ts";
import type { ActionContext } from "../context.ts";

export type EndReason = "sign_out" | "ended" | "rotated" | "password" | "disabled" | "roles" | "reset";

/** Ends the open sessions of a user but `except`, one entry each; the number of them. */
export async function endSessions(
  tx: Tx,
  ctx: Pick<ActionContext, "tenantId" | "actor" | "requestId" | "clock" | "withEntry">,
  of: { userId: string; reason: EndReason; except?: string; only?: string },
): Promise<number> {
  let update = tx
    .updateTable("session")
    .set({ ended_at: ctx.clock.now(), ended_reason: of.reason })
    .where("tenant_id", "=", ctx.tenantId)
    .where("user_id", "=", of.userId)
    .where("ended_at", "is", null);
  if (of.except !== undefined) update = update.where("session_id", "<>", of.except);
  if (of.only !== undefined) update = update.where("session_id", "=", of.only);
  const ended = await update.returning("session_id").execute();
  for (const { session_id } of ended) {
    const target = { kind: "session", id: session_id };
    await appendAdminEntry(tx, ctx, { action: "session.end", target, detail: { user_id: of.userId, reason: of.reason } });
  }
  return ended.length;
}
