import type { PasskeyChallenge, SecondFactor } from "../../contract/session.ts";
import { AppError } from "../../contract/errors.ts";
import type { Tx } from "../../db/database.ts";
import { tenantTx } from "../../db/tx.ts";
import type { ActionContext } from "../context.ts";
import { requireScope } from "../require-scope.ts";
import { requireSession } from "../session/require-session.ts";
import { strengthenSession } from "../session/strengthen.ts";
import { openTotp } from "./add-totp.ts";
import { keepChallenge } from "./challenge.ts";
import type { SignInFrom } from "./context.ts";
import { activeFactors } from "./factors.ts";
import { authenticationOptions } from "./passkey-ceremony.ts";
import { checkPasskey } from "./passkey.ts";
import { personById } from "./person.ts";
import { takeRecoveryCode } from "./recovery-code-rows.ts";
import { totpStep } from "./totp.ts";
import { beginTry, forgiveTry, refuseTry, triesOf } from "./tries.ts";
import type { SignedInWith } from "./with-password.ts";

/** Begins to give a passkey as second factor. `conflict` when the person has none for this site. */
// oxlint-disable-next-line aqueduto/audited-verb -- all that is kept is a challenge of some minutes; its answer is audited
export async function beginSecondFactorPasskey(ctx: ActionContext, input: { origin: string }): Promise<PasskeyChallenge> {
  requireScope(ctx, "account:own");
  const { userId } = requireSession(ctx);
  return tenantTx(ctx.db, ctx.tenantId, async (tx) => {
    const options = await authenticationOptions(input, await activeFactors(tx, ctx.tenantId, userId));
    if (options.allowCredentials?.length === 0) throw new AppError("conflict", "there is no passkey for this site");
    return { challenge_id: await keepChallenge(tx, ctx, { kind: "passkey", userId, value: options.challenge }), options };
  });
}

/**
 * Gives a second factor: finishes a sign-in, or confirms in the middle of a session that the person is still there. The
 * session goes on under a new secret. `sign-in-failed`; `sign-in-locked` after too many.
 */
export async function giveSecondFactor(ctx: ActionContext, from: SignInFrom, input: SecondFactor): Promise<SignedInWith> {
  requireScope(ctx, "account:own");
  const { userId } = requireSession(ctx);
  const tries = triesOf(ctx, from, { name: `factor/${userId}`, userId });
  await beginTry(ctx, tries);
  const kind = "totp" in input ? "totp" : "passkey" in input ? "passkey" : "recovery_code";
  const done = await tenantTx(ctx.db, ctx.tenantId, async (tx) => {
    const person = await personById(tx, ctx, userId, "lock");
    if (person?.state !== "active" || !(await isRight(tx, ctx, { userId, from, input }))) return undefined;
    await forgiveTry(tx, ctx, tries);
    return strengthenSession(tx, ctx, { kind });
  });
  return done ?? refuseTry(ctx, { userId, method: kind });
}

type Given = { userId: string; from: SignInFrom; input: SecondFactor };

async function isRight(tx: Tx, ctx: ActionContext, { userId, from, input }: Given): Promise<boolean> {
  if ("totp" in input) return takeTotp(tx, ctx, { userId, code: input.totp });
  if ("recovery_code" in input) {
    const factors = await activeFactors(tx, ctx.tenantId, userId);
    return factors.length > 0 && (await takeRecoveryCode(tx, ctx, { userId, code: input.recovery_code }));
  }
  return (await checkPasskey(tx, ctx, { from, answer: input.passkey, userId })) !== undefined;
}

/** Uses up a code of one of the person's apps: the same code, or an older one, is refused from then on. */
async function takeTotp(tx: Tx, ctx: ActionContext, of: { userId: string; code: string }): Promise<boolean> {
  const rows = await tx
    .selectFrom("factor")
    .select(["factor_id", "secret_sealed", "last_step"])
    .where("tenant_id", "=", ctx.tenantId)
    .where("user_id", "=", of.userId)
    .where("kind", "=", "totp")
    .where("state", "=", "active")
    .execute();
  const now = ctx.clock.now();
  for (const row of rows) {
    const after = row.last_step === null ? null : Number(row.last_step);
    const step = totpStep(openTotp(ctx, row.factor_id, row.secret_sealed), of.code, { now, after });
    if (step === undefined) continue;
    await tx
      .updateTable("factor")
      .set({ last_step: BigInt(step), last_used_at: now })
      .where("tenant_id", "=", ctx.tenantId)
      .where("factor_id", "=", row.factor_id)
      .execute();
    return true;
  }
  return false;
}
