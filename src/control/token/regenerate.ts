import { appendAdminEntry } from "../../audit/append.ts";
import type { RegeneratedToken, Regenerate } from "../../contract/token.ts";
import { tenantTx } from "../../db/tx.ts";
import { newId } from "../../platform/ids.ts";
import type { ActionContext } from "../context.ts";
import { isoOrNull, parseFutureInstant } from "../instants.ts";
import { lockPolicy, policyEpoch } from "../policy-lock.ts";
import { requireOwnAccess } from "../partner-rows.ts";
import { requireScope } from "../require-scope.ts";
import { recordRevocation } from "../revocation/record.ts";
import type { Committed } from "./create.ts";
import { makeToken } from "./make.ts";
import { retiringUntil } from "./overlap.ts";
import { retireTokens } from "./retire-tokens.ts";
import { requireUsableAccess, type UsableAccess } from "./usable-access.ts";

/**
 * Replaces the live token of an access. The one before retires until the overlap ends, or ends at once (`retiring_until`
 * null); one that was still retiring from an earlier regeneration ends now. `conflict` when there is no live token.
 * Concurrent calls queue, and each sees the token of the one before it as the one to replace.
 */
export async function regenerateToken(ctx: ActionContext, input: Regenerate & { access_id: string }): Promise<Committed<RegeneratedToken>> {
  requireScope(ctx, "tokens:write");
  const now = ctx.clock.now();
  const expiresAt = input.expires_at === undefined ? null : parseFutureInstant(input.expires_at, now, "/body/expires_at");
  return tenantTx(ctx.db, ctx.tenantId, async (tx) => {
    await lockPolicy(tx);
    await requireOwnAccess(tx, ctx, input.access_id);
    const access = await requireUsableAccess(tx, { tenantId: ctx.tenantId, now }, input.access_id);
    const key = { tenant_id: ctx.tenantId, token_id: newId("tok"), access_id: access.access_id };
    const replaced = await retireTokens(tx, { ...key, now }, (tokenEnd) =>
      retiringUntil(input.overlap, now, [access.licenseEndsAt, access.accessExpiresAt, tokenEnd]),
    );
    const made = makeToken(ctx.keyring, access.mode);
    await tx
      .insertInto("token")
      .values({ ...key, ...made.columns, state: "live", expires_at: expiresAt, created_at: now })
      .execute();
    const until = isoOrNull(replaced.until);
    await appendAdminEntry(tx, ctx, {
      action: "token.regenerate",
      target: { kind: "token", id: key.token_id },
      detail: { access_id: key.access_id, replaced: replaced.liveId, ended: replaced.endedIds, retiring_until: until },
    });
    const shown = { ...shownOf(access, key.token_id, expiresAt), token: made.text, retiring_until: until };
    // a token that ended now is a revocation; one that goes on until its overlap is over is none
    const [endedId] = replaced.endedIds;
    if (endedId === undefined) return { ...shown, epoch: await policyEpoch(tx) };
    const target = { kind: "token", id: replaced.until === null ? replaced.liveId : endedId };
    return { ...shown, ...(await recordRevocation(tx, ctx, { what: "token.regenerate", target, partnerId: access.partnerId })) };
  });
}

function shownOf(access: UsableAccess, tokenId: string, expiresAt: Date | null) {
  return { token_id: tokenId, access_id: access.access_id, mode: access.mode, expires_at: isoOrNull(expiresAt) };
}
