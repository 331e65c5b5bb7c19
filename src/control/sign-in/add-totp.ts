import { AppError } from "../../contract/errors.ts";
import type { Tx } from "../../db/database.ts";
import { tenantTx } from "../../db/tx.ts";
import { newId } from "../../platform/ids.ts";
import { openSealed, seal } from "../../platform/seal.ts";
import type { ActionContext } from "../context.ts";
import { requireScope } from "../require-scope.ts";
import { requireSession } from "../session/require-session.ts";
import { factorAdded } from "./add-factor.ts";
import type { Caller } from "./context.ts";
import { type AddedFactorWith, requireMayAddFactor } from "./factors.ts";
import { personById } from "./person.ts";
import { newTotpSecret, totpStep, totpUri } from "./totp.ts";
import { beginTry, forgiveTry, refuseTry, triesOf } from "./tries.ts";

/** Begins to add an authenticator app. It counts once its first code was given; a newer beginning replaces an unproved one. */
// oxlint-disable-next-line aqueduto/audited-verb -- the factor counts from its first code on, and that is audited (factor.add)
export async function addTotp(ctx: ActionContext, input: { name: string }): Promise<{ factor_id: string; secret: string; uri: string }> {
  requireScope(ctx, "account:own");
  const { userId } = requireSession(ctx);
  return tenantTx(ctx.db, ctx.tenantId, async (tx) => {
    const person = await personById(tx, ctx, userId, "lock");
    if (person === undefined) throw new AppError("unauthorized");
    await requireMayAddFactor(tx, ctx, userId);
    await endPending(tx, ctx, userId);
    const factorId = newId("fac");
    const secret = newTotpSecret();
    await insertTotp(tx, ctx, { userId, factorId, name: input.name, secret });
    return { factor_id: factorId, secret, uri: totpUri({ secret, account: person.email }) };
  });
}

/**
 * Proves an authenticator app by its first code. `not-found` for one that does not wait, which is no guess at a code and is
 * not counted as one; `sign-in-failed` for a wrong code.
 */
export async function confirmTotp(ctx: ActionContext, input: { factor_id: string; totp: string } & Caller): Promise<AddedFactorWith> {
  requireScope(ctx, "account:own");
  const { userId } = requireSession(ctx);
  await tenantTx(ctx.db, ctx.tenantId, (tx) => pendingTotp(tx, ctx, { userId, factorId: input.factor_id }));
  const tries = triesOf(ctx, input, { name: `factor/${userId}`, userId });
  await beginTry(ctx, tries);
  const added = await tenantTx(ctx.db, ctx.tenantId, async (tx) => {
    await personById(tx, ctx, userId, "lock");
    const row = await pendingTotp(tx, ctx, { userId, factorId: input.factor_id });
    const step = totpStep(openTotp(ctx, input.factor_id, row.secret_sealed), input.totp, { now: ctx.clock.now(), after: null });
    if (step === undefined) return undefined;
    await tx
      .updateTable("factor")
      .set({ state: "active", last_step: BigInt(step), last_used_at: ctx.clock.now() })
      .where("tenant_id", "=", ctx.tenantId)
      .where("factor_id", "=", input.factor_id)
      .execute();
    await forgiveTry(tx, ctx, tries);
    return factorAdded(tx, ctx, { userId, factorId: input.factor_id });
  });
  return added ?? refuseTry(ctx, { userId, method: "totp" });
}

/** An app of this person that waits for its first code, if they may add it now. `not-found`. */
async function pendingTotp(
  tx: Tx,
  ctx: ActionContext,
  of: { userId: string; factorId: string },
): Promise<{ secret_sealed: Buffer | null }> {
  await requireMayAddFactor(tx, ctx, of.userId);
  const row = await tx
    .selectFrom("factor")
    .select(["secret_sealed"])
    .where("tenant_id", "=", ctx.tenantId)
    .where("user_id", "=", of.userId)
    .where("factor_id", "=", of.factorId)
    .where("kind", "=", "totp")
    .where("state", "=", "pending")
    .executeTakeFirst();
  if (row === undefined) throw new AppError("not-found");
  return row;
}

/** The shared secret of a row. */
export function openTotp(ctx: Pick<ActionContext, "keyring">, factorId: string, sealed: Buffer | null): string {
  if (sealed === null) throw new AppError("internal");
  return openSealed(ctx.keyring, sealed, `factor.secret:${factorId}`).toString();
}

async function insertTotp(
  tx: Tx,
  ctx: ActionContext,
  of: { userId: string; factorId: string; name: string; secret: string },
): Promise<void> {
  await tx
    .insertInto("factor")
    .values({
      tenant_id: ctx.tenantId,
      factor_id: of.factorId,
      user_id: of.userId,
      kind: "totp",
      name: of.name,
      secret_sealed: seal(ctx.keyring.data, of.secret, `factor.secret:${of.factorId}`),
      state: "pending",
      created_at: ctx.clock.now(),
    })
    .execute();
}

async function endPending(tx: Tx, ctx: ActionContext, userId: string): Promise<void> {
  await tx
    .updateTable("factor")
    .set({ state: "ended", ended_at: ctx.clock.now() })
    .where("tenant_id", "=", ctx.tenantId)
    .where("user_id", "=", userId)
    .where("state", "=", "pending")
    .execute();
}
