import { appendAdminEntry } from "../../audit/append.ts";
import type { Revoke, RevokedToken } from "../../contract/token.ts";
import { tenantTx } from "../../db/tx.ts";
import type { ActionContext } from "../context.ts";
import { lockPolicy, policyEpoch } from "../policy-lock.ts";
import { requireScope } from "../require-scope.ts";
import { recordRevocation } from "../revocation/record.ts";
import type { Committed } from "./create.ts";
import { findToken } from "./find-token.ts";

/**
 * Ends a token for good, at any time. One that has ended already is left as it ended and its end is told again; nothing is
 * written then, because any write to the token table publishes a new policy.
 */
export async function revokeToken(ctx: ActionContext, input: Revoke & { token_id: string }): Promise<Committed<RevokedToken>> {
  requireScope(ctx, "tokens:write");
  return tenantTx(ctx.db, ctx.tenantId, async (tx) => {
    await lockPolicy(tx);
    const { token: known, partnerId } = await findToken(tx, ctx, input.token_id);
    const target = { kind: "token", id: input.token_id };
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
        target,
        detail: { access_id: known.access_id, reason: input.reason },
      });
    }
    const shown = { token_id: input.token_id, access_id: known.access_id, ...end, ended_at: end.ended_at.toISOString() };
    if (known.ended_at !== null) return { ...shown, epoch: await policyEpoch(tx) };
    const proof = { what: "token.revoke" as const, target, partnerId };
    return { ...shown, ...(await recordRevocation(tx, ctx, proof)) };
  });
}
