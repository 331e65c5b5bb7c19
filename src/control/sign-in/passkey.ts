import type { PasskeyAnswer, PasskeyChallenge } from "../../contract/session.ts";
import type { Tx } from "../../db/database.ts";
import { tenantTx } from "../../db/tx.ts";
import type { ActionContext } from "../context.ts";
import { newDevice } from "../session/device.ts";
import { openSession } from "../session/open.ts";
import { signedIn } from "../session/signed-in.ts";
import { keepChallenge, takeChallenge } from "./challenge.ts";
import { rpIdOf, type SignInDeps, type SignInFrom, signInTenant } from "./context.ts";
import { authenticationOptions, verifiedAuthentication } from "./passkey-ceremony.ts";
import { personById, renewEmailHash } from "./person.ts";
import { addressSubject, beginTry, forgiveTry, refuseTry } from "./tries.ts";
import type { SignedInWith } from "./with-password.ts";

/** Begins a sign-in with a passkey alone; the browser offers those that it has for this site. */
// oxlint-disable-next-line aqueduto/guarded-verb, aqueduto/audited-verb -- nobody is signed in yet, and all that is kept is a challenge of some minutes
export async function beginPasskeySignIn(deps: SignInDeps, from: SignInFrom, input: { tenant_id?: string }): Promise<PasskeyChallenge> {
  const ctx = await signInTenant(deps, input.tenant_id);
  // counts until a sign-in succeeds: whoever only ever begins does not fill the store
  await beginTry(ctx, { address: addressSubject(ctx, from.ip) });
  const options = await authenticationOptions(from, []);
  return tenantTx(ctx.db, ctx.tenantId, async (tx) => ({
    challenge_id: await keepChallenge(tx, ctx, { kind: "passkey", userId: null, value: options.challenge }),
    options,
  }));
}

/** Signs in with a passkey that verified its user: possession and knowledge (or body) at once, so both factors. */
// oxlint-disable-next-line aqueduto/guarded-verb -- who signs in holds no scope yet; what may be tried is bounded by beginTry
export async function signInWithPasskey(
  deps: SignInDeps,
  from: SignInFrom,
  input: PasskeyAnswer & { tenant_id?: string },
): Promise<SignedInWith> {
  const ctx = await signInTenant(deps, input.tenant_id);
  const tries = { address: addressSubject(ctx, from.ip) };
  await beginTry(ctx, tries);
  const done = await tenantTx(ctx.db, ctx.tenantId, async (tx) => {
    const userId = await checkPasskey(tx, ctx, { from, answer: input, userId: null });
    const person = userId === undefined ? undefined : await personById(tx, ctx, userId, "lock");
    if (person?.state !== "active") return undefined;
    await forgiveTry(tx, ctx, tries, 2);
    await renewEmailHash(tx, ctx, person);
    const opened = { userId: person.user_id, method: "passkey" as const, secondFactorAt: ctx.clock.now(), awaitsFactor: false };
    const session = await openSession(tx, ctx, opened);
    return { reply: await signedIn(tx, ctx.tenantId, session), token: session.token, device: newDevice(ctx, person.user_id) };
  });
  return done ?? refuseTry(ctx, { method: "passkey" });
}

type Given = {
  from: SignInFrom;
  answer: PasskeyAnswer;
  /** The person it must belong to; null = whoever it belongs to. */ userId: string | null;
};

/** Takes the challenge and checks the answer against the stored credential; the person it belongs to. */
export async function checkPasskey(tx: Tx, ctx: ActionContext, { from, answer, userId }: Given): Promise<string | undefined> {
  const challenge = await takeChallenge(tx, ctx, { id: answer.challenge_id, kind: "passkey", userId });
  if (challenge === undefined) return undefined;
  const row = await tx
    .selectFrom("factor")
    .select(["factor_id", "user_id", "credential_id", "public_key", "sign_count"])
    .where("tenant_id", "=", ctx.tenantId)
    .where("credential_id", "=", answer.response.id)
    .where("rp_id", "=", rpIdOf(from))
    .where("state", "=", "active")
    .$if(userId !== null, (select) => select.where("user_id", "=", userId ?? ""))
    .forNoKeyUpdate()
    .executeTakeFirst();
  if (row === undefined || row.credential_id === null || row.public_key === null || row.sign_count === null) return undefined;
  const credential = { credential_id: row.credential_id, public_key: row.public_key, sign_count: row.sign_count };
  const counter = await verifiedAuthentication(from, challenge, { answer: answer.response, credential });
  if (counter === undefined) return undefined;
  await tx
    .updateTable("factor")
    .set({ sign_count: BigInt(counter), last_used_at: ctx.clock.now() })
    .where("tenant_id", "=", ctx.tenantId)
    .where("factor_id", "=", row.factor_id)
    .execute();
  return row.user_id;
}
