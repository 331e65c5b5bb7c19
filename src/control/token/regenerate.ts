import { appendAdminEntry } from "../../audit/append.ts";
import { AppError } from "../../contract/errors.ts";
import type { RegeneratedToken, Regenerate } from "../../contract/token.ts";
import type { Tx } from "../../db/database.ts";
import { tenantTx } from "../../db/tx.ts";
import { newId } from "../../platform/ids.ts";
import type { ActionContext } from "../context.ts";
import { isoOrNull, parseFutureInstant } from "../instants.ts";
import { lockPolicy, policyEpoch } from "../policy-lock.ts";
import { requireScope } from "../require-scope.ts";
import type { Committed } from "./create.ts";
import { makeToken } from "./make.ts";
import { retiringUntil } from "./overlap.ts";
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
    return { ...shownOf(access, key.token_id, expiresAt), token: made.text, retiring_until: until, epoch: await policyEpoch(tx) };
  });
}

function shownOf(access: UsableAccess, tokenId: string, expiresAt: Date | null) {
  return { token_id: tokenId, access_id: access.access_id, mode: access.mode, expires_at: isoOrNull(expiresAt) };
}

type Retired = { liveId: string; endedIds: string[]; until: Date | null };

/** Ends what still retires and retires (or ends) the live token, in that order: at most one of each at any moment. */
async function retireTokens(
  tx: Tx,
  of: { tenant_id: string; access_id: string; now: Date },
  untilOf: (tokenEnd: Date | null) => Date | null,
): Promise<Retired> {
  const live = await tx
    .selectFrom("token")
    .select(["token_id", "expires_at"])
    .where("tenant_id", "=", of.tenant_id)
    .where("access_id", "=", of.access_id)
    .where("state", "=", "live")
    .executeTakeFirst();
  if (live === undefined) throw new AppError("conflict", "this access has no live token: create one");
  const until = untilOf(live.expires_at);
  const ended = await tx
    .updateTable("token")
    .set({ state: "ended", ended_at: of.now, ended_reason: "regenerated" })
    .where("tenant_id", "=", of.tenant_id)
    .where("access_id", "=", of.access_id)
    .where("state", "in", until === null ? ["live", "retiring"] : ["retiring"])
    .returning("token_id")
    .execute();
  if (until !== null) {
    await tx
      .updateTable("token")
      .set({ state: "retiring", retiring_until: until })
      .where("tenant_id", "=", of.tenant_id)
      .where("token_id", "=", live.token_id)
      .execute();
  }
  return { liveId: live.token_id, endedIds: ended.map((row) => row.token_id), until };
}
