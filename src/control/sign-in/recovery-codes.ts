import { AppError } from "../../contract/errors.ts";
import { tenantTx } from "../../db/tx.ts";
import type { ActionContext } from "../context.ts";
import { requireScope } from "../require-scope.ts";
import { requireRecentSecondFactor, stepUpMs } from "../session/recent-second-factor.ts";
import { requireSession } from "../session/require-session.ts";
import { hasFactors } from "./factors.ts";
import { replaceRecoveryCodes } from "./recovery-code-rows.ts";

/** Makes new recovery codes for the signed-in person. `conflict` without a second factor that they could stand in for. */
export async function newRecoveryCodes(ctx: ActionContext): Promise<{ recovery_codes: string[] }> {
  requireScope(ctx, "account:own");
  const { userId } = requireSession(ctx);
  requireRecentSecondFactor(ctx, stepUpMs);
  return tenantTx(ctx.db, ctx.tenantId, async (tx) => {
    if (!(await hasFactors(tx, ctx.tenantId, userId))) throw new AppError("conflict", "add a second factor first");
    return { recovery_codes: await replaceRecoveryCodes(tx, ctx, userId) };
  });
}
