import { appendAdminEntry } from "../../audit/append.ts";
import { AppError } from "../../contract/errors.ts";
import type { Revoke, RevokedToken } from "../../contract/token.ts";
import { tenantTx } from "../../db/tx.ts";
import type { ActionContext } from "../context.ts";
import { lockPolicy, policyEpoch } from "../policy-lock.ts";
import { requireScope } from "../require-scope.ts";
import type { Committed } from "./create.ts";

/**
 * Ends a token for good, at any time. One that has ended already is left as it ended and its end is told again; nothing is
 * written then, because any write to the token table publishes a new policy.
 */
export async function revokeToken(ctx: ActionContext, input: Revoke & { token_id: string }): Promise<Committed<RevokedToken>> {
  requireScope(ctx, "tokens:write");
  return tenantTx(ctx.db, ctx.tenantId, async (tx) => {
    await lockPolicy(tx);
    const known = await tx
      .selectFrom("token")
      .select(["access_id", "ended_at", "ended_reason"])
      .where("tenant_id", "=", ctx.tenantId)
      .where("token_id", "=", input.token_id)
      .executeTakeFirst();
    if (known === undefined) throw new AppError("not-found");
    const end = {
      ended_at: known.ended_at ?? ctx.clock.now(),
      ended_reason: known.ended_at === null ? input.reason : (known.ended_reason ?? ""),
    };
    if (known.ended_at === null) {
      await tx
        .updateTable("token")
        .set({ state: "ended", ...end })
        .where("tenant_id", "=", ctx.tenantId)
        .where("token_id", "=", input.token_id)
        .execute();
      await appendAdminEntry(tx, ctx, {
        action: "token.revoke",
        target: { kind: "token", id: input.token_id },
        detail: { access_id: known.access_id, reason: input.reason },
      });
    }
    return {
      token_id: input.token_id,
      access_id: known.access_id,
      ...end,
      ended_at: end.ended_at.toISOString(),
      epoch: await policyEpoch(tx),
    };
  });
}
