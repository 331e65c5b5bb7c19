import type { PasswordSignIn, SignedIn } from "../../contract/session.ts";
import { tenantTx } from "../../db/tx.ts";
import type { ActionContext } from "../context.ts";
import { openSession } from "../session/open.ts";
import { signedIn } from "../session/signed-in.ts";
import { normalEmail } from "../user/email.ts";
import { type SignInDeps, type SignInFrom, signInTenant } from "./context.ts";
import { hasFactors } from "./factors.ts";
import { checkPassword, hashPassword, inHashQueue, isOutdated } from "./password.ts";
import { personByEmail, personById, renewEmailHash } from "./person.ts";
import { beginTry, forgiveTry, refuseTry, triesOf } from "./tries.ts";

/** What a sign-in gives: the reply, the secret for the cookie, and what the browser is known by once both factors were given. */
export type SignedInWith = { reply: SignedIn; token: string; device?: string };

/**
 * Signs in with e-mail and password. The session reaches nothing but the person's own sign-in until a second factor is
 * given (or, where there is none yet, added). Wrong address, wrong password, an account without password, one that is
 * disabled: the same answer (`sign-in-failed`) after the same work. `sign-in-locked` after too many.
 */
// oxlint-disable-next-line aqueduto/guarded-verb -- who signs in holds no scope yet; what may be tried is bounded by beginTry
export async function signInWithPassword(deps: SignInDeps, from: SignInFrom, input: PasswordSignIn): Promise<SignedInWith> {
  const ctx = await signInTenant(deps, input.tenant_id);
  return inHashQueue(() => signInAt(ctx, from, input));
}

async function signInAt(ctx: ActionContext, from: SignInFrom, input: PasswordSignIn): Promise<SignedInWith> {
  const email = normalEmail(input.email);
  const person = await tenantTx(ctx.db, ctx.tenantId, (tx) => personByEmail(tx, ctx, email));
  const tries = triesOf(ctx, from, { name: email, userId: person?.user_id });
  await beginTry(ctx, tries);
  const isRight = await checkPassword(input.password, person?.password ?? null);
  if (!isRight || person?.state !== "active") return refuseTry(ctx, { userId: person?.user_id, method: "password" });
  const renewed = person.password !== null && isOutdated(person.password) ? await hashPassword(input.password) : undefined;
  const opened = await tenantTx(ctx.db, ctx.tenantId, async (tx) => {
    const now = await personById(tx, ctx, person.user_id, "lock");
    // disabled, reset or given another password while this one was checked
    if (now?.state !== "active" || now.password !== person.password) return undefined;
    if (renewed !== undefined)
      await tx
        .updateTable("person")
        .set({ password: renewed })
        .where("tenant_id", "=", ctx.tenantId)
        .where("user_id", "=", now.user_id)
        .execute();
    await renewEmailHash(tx, ctx, now);
    await forgiveTry(tx, ctx, tries);
    const awaitsFactor = await hasFactors(tx, ctx.tenantId, now.user_id);
    const session = await openSession(tx, ctx, { userId: now.user_id, method: "password", secondFactorAt: null, awaitsFactor });
    return { reply: await signedIn(tx, ctx.tenantId, session), token: session.token };
  });
  return opened ?? refuseTry(ctx, { userId: person.user_id, method: "password" });
}
