import { randomBytes } from "node:crypto";
import type { Tx } from "../../db/database.ts";
import { openSealed, seal } from "../../platform/seal.ts";
import type { ActionContext } from "../context.ts";

export type ChallengeKind = "passkey_add" | "passkey" | "oidc";

/** How long the second half of a ceremony may take. */
export const challengeMs = 10 * 60_000;

type Where = Pick<ActionContext, "tenantId" | "clock" | "keyring">;

/** Keeps what the second half of a ceremony needs; the id is random, so it also proves who began. */
export async function keepChallenge(
  tx: Tx,
  ctx: Where,
  of: { kind: ChallengeKind; userId: string | null; value: string },
): Promise<string> {
  const id = `sic_${randomBytes(24).toString("base64url")}`;
  const now = ctx.clock.now();
  await forgetOld(tx, ctx, now);
  await tx
    .insertInto("sign_in_challenge")
    .values({
      tenant_id: ctx.tenantId,
      challenge_id: id,
      kind: of.kind,
      user_id: of.userId,
      value_sealed: seal(ctx.keyring.data, of.value, `sign_in_challenge.value:${id}`),
      expires_at: new Date(now.getTime() + challengeMs),
    })
    .execute();
  return id;
}

/** Takes what was kept; undefined when it was taken before, is too old, or is another kind's or person's. */
export async function takeChallenge(
  tx: Tx,
  ctx: Where,
  of: { id: string; kind: ChallengeKind; userId: string | null },
): Promise<string | undefined> {
  const row = await tx
    .deleteFrom("sign_in_challenge")
    .where("tenant_id", "=", ctx.tenantId)
    .where("challenge_id", "=", of.id)
    .where("kind", "=", of.kind)
    .where("user_id", of.userId === null ? "is" : "=", of.userId)
    .where("expires_at", ">", ctx.clock.now())
    .returning("value_sealed")
    .executeTakeFirst();
  return row === undefined ? undefined : openSealed(ctx.keyring, row.value_sealed, `sign_in_challenge.value:${of.id}`).toString();
}

async function forgetOld(tx: Tx, ctx: Where, now: Date): Promise<void> {
  const old = tx
    .selectFrom("sign_in_challenge")
    .select("challenge_id")
    .where("tenant_id", "=", ctx.tenantId)
    .where("expires_at", "<", now)
    .limit(20)
    .forUpdate()
    .skipLocked();
  await tx.deleteFrom("sign_in_challenge").where("tenant_id", "=", ctx.tenantId).where("challenge_id", "in", old).execute();
}
