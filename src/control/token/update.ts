import { appendAdminEntry } from "../../audit/append.ts";
import type { TokenChange } from "../../contract/token.ts";
import { AppError } from "../../contract/errors.ts";
import { tenantTx } from "../../db/tx.ts";
import type { ActionContext } from "../context.ts";
import { isoOrNull, parseFutureInstant } from "../instants.ts";
import { lockPolicy, policyEpoch } from "../policy-lock.ts";
import { requireScope } from "../require-scope.ts";
import { recordRevocation } from "../revocation/record.ts";
import { requireMatch } from "../row-version.ts";
import { findToken } from "./find-token.ts";
import { tokenOf } from "./row.ts";

type TokenChanged = { token_id: string; access_id: string; expires_at: string | null; epoch: bigint; revocation_id?: string };

/** Changes when a token ends; null = with its access and license, which bound it anyway. `conflict` when it has ended. */
export async function updateToken(ctx: ActionContext, input: TokenChange & { token_id: string }): Promise<TokenChanged> {
  requireScope(ctx, "tokens:write");
  const expiresAt = input.expires_at === null ? null : parseFutureInstant(input.expires_at, ctx.clock.now(), "/body/expires_at");
  return tenantTx(ctx.db, ctx.tenantId, async (tx) => {
    await lockPolicy(tx);
    const { token, partnerId } = await findToken(tx, ctx, input.token_id);
    requireMatch(ctx, "GET /v1/tokens/{token_id}", tokenOf(token, null));
    if (token.state === "ended") throw new AppError("conflict", "the token has ended");
    const shown = { token_id: token.token_id, access_id: token.access_id, expires_at: isoOrNull(expiresAt) };
    if (shown.expires_at === isoOrNull(token.expires_at)) return { ...shown, epoch: await policyEpoch(tx) };
    await tx
      .updateTable("token")
      .set({ expires_at: expiresAt })
      .where("tenant_id", "=", ctx.tenantId)
      .where("token_id", "=", input.token_id)
      .execute();
    const target = { kind: "token", id: input.token_id };
    await appendAdminEntry(tx, ctx, {
      action: "token.update",
      target,
      detail: { access_id: token.access_id, from: isoOrNull(token.expires_at), to: shown.expires_at },
    });
    const isEarlier = expiresAt !== null && (token.expires_at === null || expiresAt < token.expires_at);
    if (!isEarlier) return { ...shown, epoch: await policyEpoch(tx) };
    return { ...shown, ...(await recordRevocation(tx, ctx, { what: "token.update", target, partnerId })) };
  });
}
