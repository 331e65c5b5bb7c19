import { appendAdminEntry } from "../../audit/append.ts";
import { AppError } from "../../contract/errors.ts";
import type { Tx } from "../../db/database.ts";
import { platformTx, tenantTx } from "../../db/tx.ts";
import type { ActionContext } from "../context.ts";
import { endSessions } from "../session/end-sessions.ts";
import { openSession } from "../session/open.ts";
import { signedIn } from "../session/signed-in.ts";
import { keyedHash } from "../user/email.ts";
import { insertPerson } from "../user/invite.ts";
import { isLastAdministrator } from "../user/last-administrator.ts";
import { endLinks } from "../user/link.ts";
import { keepChallenge, takeChallenge } from "./challenge.ts";
import { type SignInDeps, signInContext, type SignInFrom } from "./context.ts";
import { hasFactors } from "./factors.ts";
import { authorizationRequest, callbackClaims, type Claims, type Provider, requireProvider } from "./oidc-client.ts";
import { mappedRoles, type MappedRoles, saysSecondFactor, vouchedEmail } from "./oidc-roles.ts";
import { personByEmail, personById, renewEmailHash, type SignInPerson } from "./person.ts";
import { addressSubject, beginTry, forgiveTry, refuseTry } from "./tries.ts";
import type { SignedInWith } from "./with-password.ts";

type Kept = { tenantId: string; providerId: string; state: string; nonce: string; verifier: string };

/** The path that a provider sends the browser back to. */
export const oidcCallbackPath = "/sign-in/oidc/callback";

/** Begins a sign-in at a provider: where to send the browser, and the secret that ties the answer to this browser. */
// oxlint-disable-next-line aqueduto/guarded-verb, aqueduto/audited-verb -- nobody is signed in yet, and all that is kept is a challenge of some minutes
export async function beginOidc(
  deps: SignInDeps,
  from: SignInFrom,
  input: { provider_id: string },
): Promise<{ url: string; secret: string }> {
  const ctx = await tenantOfProvider(deps, input.provider_id);
  await beginTry(ctx, { address: addressSubject(ctx, from.ip) });
  const provider = await tenantTx(ctx.db, ctx.tenantId, (tx) => requireProvider(tx, ctx, input.provider_id));
  const { url, ...request } = await authorizationRequest(provider, from.origin + oidcCallbackPath);
  const kept: Kept = { tenantId: ctx.tenantId, providerId: provider.provider_id, ...request };
  const id = await tenantTx(ctx.db, ctx.tenantId, (tx) =>
    keepChallenge(tx, ctx, { kind: "oidc", userId: null, value: JSON.stringify(kept) }),
  );
  return { url, secret: `${ctx.tenantId}~${id}` };
}

/**
 * Finishes a sign-in at a provider. `secret` is what beginOidc gave this browser. A person is found by the provider's
 * subject, else by an address that the provider vouches for and may vouch for; one who is not known is made when the
 * provider's role map gives them roles. `sign-in-failed` otherwise.
 */
// oxlint-disable-next-line aqueduto/guarded-verb -- who signs in holds no scope yet; what may be tried is bounded by beginTry
export async function finishOidc(
  deps: SignInDeps,
  from: SignInFrom,
  input: { secret: string; callbackUrl: string },
): Promise<SignedInWith> {
  const [tenantId = "", id = ""] = input.secret.split("~");
  if (!/^[\w-]{1,64}$/.test(tenantId) || id === "") throw new AppError("sign-in-failed");
  const ctx = signInContext(deps, tenantId);
  const text = await tenantTx(ctx.db, ctx.tenantId, (tx) => takeChallenge(tx, ctx, { id, kind: "oidc", userId: null }));
  if (text === undefined) throw new AppError("sign-in-failed", "this sign-in was finished before, or took too long");
  const kept = keptOf(text);
  const tries = { address: addressSubject(ctx, from.ip) };
  await beginTry(ctx, tries);
  const provider = await tenantTx(ctx.db, ctx.tenantId, (tx) => requireProvider(tx, ctx, kept.providerId));
  const claims = await callbackClaims(provider, input.callbackUrl, kept);
  if (claims === undefined) return refuseTry(ctx, { method: "oidc" });
  const done = await tenantTx(ctx.db, ctx.tenantId, async (tx) => {
    const person = await personOfClaims(tx, ctx, { provider, claims });
    if (person === undefined || person.state === "disabled") return undefined;
    await forgiveTry(tx, ctx, tries, 2);
    await renewEmailHash(tx, ctx, person);
    return openProvidersSession(tx, ctx, { userId: person.user_id, strong: provider.trusts_second_factor && saysSecondFactor(claims) });
  });
  return done ?? refuseTry(ctx, { method: "oidc" });
}

async function tenantOfProvider(deps: SignInDeps, providerId: string): Promise<ActionContext> {
  const row = await platformTx(deps.db, (tx) =>
    tx.selectFrom("identity_provider").select("tenant_id").where("provider_id", "=", providerId).executeTakeFirst(),
  );
  if (row === undefined) throw new AppError("not-found");
  return signInContext(deps, row.tenant_id);
}

type Arrived = { provider: Provider; claims: Claims };

async function personOfClaims(tx: Tx, ctx: ActionContext, { provider, claims }: Arrived): Promise<SignInPerson | undefined> {
  const mapped = mappedRoles(claims, provider);
  const hasLeft = mapped === undefined && provider.roleMap.length > 0;
  const subject = keyedHash(ctx.keyring, `oidc.subject:${provider.provider_id}`, claims.sub);
  const known = await tx
    .selectFrom("person_identity")
    .select("user_id")
    .where("tenant_id", "=", ctx.tenantId)
    .where("provider_id", "=", provider.provider_id)
    .where("subject_hash", "=", subject)
    .executeTakeFirst();
  const userId = known?.user_id ?? (hasLeft ? undefined : await firstArrival(tx, ctx, { provider, claims, subject }));
  const person = userId === undefined ? undefined : await personById(tx, ctx, userId, "lock");
  if (person === undefined || person.state === "disabled") return undefined;
  const isLast = await isLastAdministrator(tx, ctx.tenantId, person);
  // where groups give roles, leaving every group ends them
  if (hasLeft && !isLast) return undefined;
  if (mapped !== undefined) await takeRoles(tx, ctx, person, { mapped, isLast });
  if (person.state === "invited") await activate(tx, ctx, person.user_id);
  return person;
}

/** Links the provider's subject to the person of the address it vouches for; makes one where the role map gives roles. */
async function firstArrival(tx: Tx, ctx: ActionContext, of: Arrived & { subject: Buffer }): Promise<string | undefined> {
  const { provider, claims } = of;
  const email = vouchedEmail(claims, provider.email_domains);
  if (email === undefined) return undefined;
  const mapped = mappedRoles(claims, provider);
  const found = await personByEmail(tx, ctx, email);
  if (found?.state === "disabled") return undefined;
  const make = async (by: MappedRoles) => insertPerson(tx, ctx, { email, name: nameOf(claims, email), state: "active", ...by });
  const userId = found?.user_id ?? (mapped === undefined ? undefined : await make(mapped));
  if (userId === undefined) return undefined;
  await tx
    .insertInto("person_identity")
    .values({
      tenant_id: ctx.tenantId,
      provider_id: provider.provider_id,
      subject_hash: of.subject,
      user_id: userId,
      created_at: ctx.clock.now(),
    })
    .onConflict((conflict) => conflict.columns(["tenant_id", "provider_id", "subject_hash"]).doNothing())
    .execute();
  await appendAdminEntry(tx, ctx, {
    action: "user.link_provider",
    target: { kind: "user", id: userId },
    detail: { provider_id: provider.provider_id, made: found === undefined, roles: mapped?.roles ?? null },
  });
  return userId;
}

function nameOf(claims: Claims, email: string): string {
  const { name } = claims;
  const clean = typeof name === "string" ? name.replace(/\p{Cc}/gu, "").slice(0, 200) : "";
  return clean === "" ? email : clean;
}

/**
 * The provider's groups are what counts where it has a role map: roles follow them at each sign-in. The last administrador
 * stays one, and the audit says what the groups would have given.
 */
async function takeRoles(tx: Tx, ctx: ActionContext, person: SignInPerson, of: { mapped: MappedRoles; isLast: boolean }): Promise<void> {
  const { mapped } = of;
  const isSame = (a: readonly string[], b: readonly string[]) => a.toSorted().join() === b.toSorted().join();
  if (isSame(person.roles, mapped.roles) && isSame(person.partner_ids, mapped.partner_ids)) return;
  const target = { kind: "user", id: person.user_id };
  const detail = { before: person.roles, after: mapped.roles, partner_ids: mapped.partner_ids, by: "provider" };
  if (of.isLast && !mapped.roles.includes("administrador")) {
    await appendAdminEntry(tx, ctx, { action: "user.roles", target, detail: { ...detail, after: person.roles, not_taken: mapped.roles } });
    return;
  }
  await tx.updateTable("person").set(mapped).where("tenant_id", "=", ctx.tenantId).where("user_id", "=", person.user_id).execute();
  await endSessions(tx, ctx, { userId: person.user_id, reason: "roles" });
  await appendAdminEntry(tx, ctx, { action: "user.roles", target, detail });
}

async function activate(tx: Tx, ctx: ActionContext, userId: string): Promise<void> {
  await tx.updateTable("person").set({ state: "active" }).where("tenant_id", "=", ctx.tenantId).where("user_id", "=", userId).execute();
  await endLinks(tx, ctx, userId);
}

async function openProvidersSession(tx: Tx, ctx: ActionContext, of: { userId: string; strong: boolean }): Promise<SignedInWith> {
  const secondFactorAt = of.strong ? ctx.clock.now() : null;
  const awaitsFactor = !of.strong && (await hasFactors(tx, ctx.tenantId, of.userId));
  const session = await openSession(tx, ctx, { userId: of.userId, method: "oidc", secondFactorAt, awaitsFactor });
  return { reply: await signedIn(tx, ctx.tenantId, session), token: session.token };
}

/** What beginOidc sealed. */
function keptOf(text: string): Kept {
  return JSON.parse(text) as Kept;
}
