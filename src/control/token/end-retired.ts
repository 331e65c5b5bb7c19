import { appendAdminEntry } from "../../audit/append.ts";
import { platformTx } from "../../db/tx.ts";
import type { ActionContext } from "../context.ts";
import { lockPolicy } from "../policy-lock.ts";
import { requireScope } from "../require-scope.ts";

export const overlapOver = "overlap over";
const batch = 500;

/**
 * Job: ends retiring tokens whose overlap is over, in every tenant, at most 500 a run. The gateway stops accepting them
 * at their instant by itself; this writes it down. Returns how many ended. Writes nothing when none is due, because any
 * write to the token table publishes a new policy.
 */
export async function endRetiredTokens(ctx: Omit<ActionContext, "tenantId">): Promise<number> {
  requireScope(ctx, "tokens:write");
  const now = ctx.clock.now();
  return platformTx(ctx.db, async (tx) => {
    await lockPolicy(tx);
    const due = await tx
      .selectFrom("token")
      .select("token_id")
      .where("state", "=", "retiring")
      .where("retiring_until", "<=", now)
      .orderBy("retiring_until")
      .limit(batch)
      .execute();
    if (due.length === 0) return 0;
    const ended = await tx
      .updateTable("token")
      .set({ state: "ended", ended_at: now, ended_reason: overlapOver })
      .where(
        "token_id",
        "in",
        due.map((row) => row.token_id),
      )
      .where("state", "=", "retiring")
      .where("retiring_until", "<=", now)
      .returning(["tenant_id", "token_id", "access_id"])
      .execute();
    for (const row of ended) {
      await appendAdminEntry(
        tx,
        { tenantId: row.tenant_id, actor: ctx.actor, requestId: ctx.requestId },
        {
          action: "token.end",
          target: { kind: "token", id: row.token_id },
          detail: { access_id: row.access_id, reason: overlapOver },
        },
      );
    }
    return ended.length;
  });
}
