import { AppError } from "../../contract/errors.ts";
import type { PasskeyAnswer, PasskeyChallenge } from "../../contract/session.ts";
import { tenantTx } from "../../db/tx.ts";
import { newId } from "../../platform/ids.ts";
import type { ActionContext } from "../context.ts";
import { requireScope } from "../require-scope.ts";
import { requireSession } from "../session/require-session.ts";
import { factorAdded } from "./add-factor.ts";
import { keepChallenge, takeChallenge } from "./challenge.ts";
import { rpIdOf } from "./context.ts";
import { activeFactors, type AddedFactorWith, requireMayAddFactor } from "./factors.ts";
import { registrationOptions, verifiedRegistration } from "./passkey-ceremony.ts";
import { personById } from "./person.ts";

/** Begins to add a passkey: options for the browser, whose challenge is kept here. */
// oxlint-disable-next-line aqueduto/audited-verb -- all that is kept is a challenge of some minutes; its answer is audited (factor.add)
export async function beginPasskey(ctx: ActionContext, input: { origin: string }): Promise<PasskeyChallenge> {
  requireScope(ctx, "account:own");
  const { userId } = requireSession(ctx);
  return tenantTx(ctx.db, ctx.tenantId, async (tx) => {
    const person = await personById(tx, ctx, userId);
    if (person === undefined) throw new AppError("unauthorized");
    await requireMayAddFactor(tx, ctx, userId);
    const known = await activeFactors(tx, ctx.tenantId, userId);
    const options = await registrationOptions(input, { userId, email: person.email, known });
    return { challenge_id: await keepChallenge(tx, ctx, { kind: "passkey_add", userId, value: options.challenge }), options };
  });
}

/** Adds the passkey that the browser made. `sign-in-failed` for an answer that does not hold; `conflict` for one that is there. */
export async function addPasskey(ctx: ActionContext, input: PasskeyAnswer & { name: string; origin: string }): Promise<AddedFactorWith> {
  requireScope(ctx, "account:own");
  const { userId } = requireSession(ctx);
  const challenge = await tenantTx(ctx.db, ctx.tenantId, (tx) =>
    takeChallenge(tx, ctx, { id: input.challenge_id, kind: "passkey_add", userId }),
  );
  const made = challenge === undefined ? undefined : await verifiedRegistration(input, challenge, input.response);
  if (made === undefined) throw new AppError("sign-in-failed");
  return tenantTx(ctx.db, ctx.tenantId, async (tx) => {
    await personById(tx, ctx, userId, "lock");
    await requireMayAddFactor(tx, ctx, userId);
    const factorId = newId("fac");
    const row = await tx
      .insertInto("factor")
      .values({
        tenant_id: ctx.tenantId,
        factor_id: factorId,
        user_id: userId,
        kind: "passkey",
        name: input.name,
        credential_id: made.id,
        public_key: made.publicKey,
        sign_count: BigInt(made.counter),
        transports: made.transports,
        rp_id: rpIdOf(input),
        state: "active",
        created_at: ctx.clock.now(),
      })
      .onConflict((conflict) =>
        conflict.columns(["tenant_id", "credential_id"]).where("credential_id", "is not", null).where("state", "<>", "ended").doNothing(),
      )
      .returning("factor_id")
      .executeTakeFirst();
    if (row === undefined) throw new AppError("conflict", "this passkey is there already");
    return factorAdded(tx, ctx, { userId, factorId });
  });
}
