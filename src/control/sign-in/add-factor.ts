import { appendAdminEntry } from "../../audit/append.ts";
import type { Factor } from "../../contract/session.ts";
import type { Tx } from "../../db/database.ts";
import type { ActionContext } from "../context.ts";
import { strengthenSession } from "../session/strengthen.ts";
import { activeFactors, type AddedFactorWith, factorOf } from "./factors.ts";
import { replaceRecoveryCodes } from "./recovery-code-rows.ts";

/** What follows a factor that was just proved: its entry, recovery codes with the first one, and a stronger session. */
export async function factorAdded(tx: Tx, ctx: ActionContext, of: { userId: string; factorId: string }): Promise<AddedFactorWith> {
  const factors = await activeFactors(tx, ctx.tenantId, of.userId);
  const added = factors.find((row) => row.factor_id === of.factorId);
  if (added === undefined) throw new Error("the factor was not added");
  const factor: Factor = factorOf(added);
  await appendAdminEntry(tx, ctx, {
    action: "factor.add",
    target: { kind: "user", id: of.userId },
    detail: { factor_id: of.factorId, kind: factor.kind },
  });
  const recovery_codes = factors.length === 1 ? await replaceRecoveryCodes(tx, ctx, of.userId) : [];
  const { token, device } = await strengthenSession(tx, ctx, { kind: factor.kind });
  return { reply: { ...factor, recovery_codes }, token, device };
}
