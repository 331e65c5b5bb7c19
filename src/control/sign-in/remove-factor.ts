import { appendAdminEntry } from "../../audit/append.ts";
import { AppError } from "../../contract/errors.ts";
import { tenantTx } from "../../db/tx.ts";
import type { ActionContext } from "../context.ts";
import { requireScope } from "../require-scope.ts";
import { requireRecentSecondFactor, stepUpMs } from "../session/recent-second-factor.ts";
import { requireSession } from "../session/require-session.ts";
import { activeFactors } from "./factors.ts";
import { personById } from "./person.ts";

/** Removes one of one's second factors. `conflict` for the last one: add another first. */
export async function removeFactor(ctx: ActionContext, input: { factor_id: string }): Promise<{ factor_id: string }> {
  requireScope(ctx, "account:own");
  const { userId } = requireSession(ctx);
  requireRecentSecondFactor(ctx, stepUpMs);
  return tenantTx(ctx.db, ctx.tenantId, async (tx) => {
    await personById(tx, ctx, userId, "lock");
    const factors = await activeFactors(tx, ctx.tenantId, userId);
    const factor = factors.find((row) => row.factor_id === input.factor_id);
    if (factor === undefined) throw new AppError("not-found");
    if (factors.length === 1) throw new AppError("conflict", "the last second factor stays: add another one first");
    await tx
      .updateTable("factor")
      .set({ state: "ended", ended_at: ctx.clock.now() })
      .where("tenant_id", "=", ctx.tenantId)
      .where("factor_id", "=", input.factor_id)
      .execute();
    await appendAdminEntry(tx, ctx, {
      action: "factor.remove",
      target: { kind: "user", id: userId },
      detail: { factor_id: input.factor_id, kind: factor.kind },
    });
    return { factor_id: input.factor_id };
  });
}
