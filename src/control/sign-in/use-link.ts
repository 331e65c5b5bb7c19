import { appendAdminEntry } from "../../audit/append.ts";
import { AppError } from "../../contract/errors.ts";
import type { LinkUse } from "../../contract/session.ts";
import type { Tx } from "../../db/database.ts";
import { platformTx, tenantTx } from "../../db/tx.ts";
import type { ActionContext } from "../context.ts";
import { openSession } from "../session/open.ts";
import { signedIn } from "../session/signed-in.ts";
import { normalEmail } from "../user/email.ts";
import { insertPerson } from "../user/invite.ts";
import { hasAdministrator } from "../user/last-administrator.ts";
import { linkDigest } from "../user/link.ts";
import { type SignInDeps, signInContext } from "./context.ts";
import { hasFactors } from "./factors.ts";
import { checkNewPassword, hashPassword, inHashQueue } from "./password.ts";
import { personById } from "./person.ts";
import type { SignedInWith } from "./with-password.ts";

/**
 * Uses a one-time link: sets the password and signs in. The set-up link of a first start makes the first administrador,
 * and needs `email` and `name`. `sign-in-failed` for a link that is unknown, used, replaced or too old. A wrong guess at
 * 256 random bits needs no lock.
 */
// oxlint-disable-next-line aqueduto/guarded-verb -- who holds a one-time link holds no scope yet; the link itself is the right
export async function useLink(deps: SignInDeps, input: LinkUse): Promise<SignedInWith> {
  const link = await findLink(deps, input.link);
  if (link === undefined) throw new AppError("sign-in-failed", "this link was used, replaced, or is too old");
  const ctx = signInContext(deps, link.tenant_id);
  const email = link.user_id === null ? setupEmail(input) : await emailOf(ctx, link.user_id);
  checkNewPassword(input.password, email);
  const password = await inHashQueue(() => hashPassword(input.password));
  return tenantTx(ctx.db, ctx.tenantId, async (tx) => {
    await takeLink(tx, ctx, link.link_id);
    const userId = link.user_id ?? (await makeFirstAdministrator(tx, ctx, { email, name: input.name ?? "" }));
    await accept(tx, ctx, { userId, password, kind: link.kind });
    const awaitsFactor = await hasFactors(tx, ctx.tenantId, userId);
    const session = await openSession(tx, ctx, { userId, method: "link", secondFactorAt: null, awaitsFactor });
    return { reply: await signedIn(tx, ctx.tenantId, session), token: session.token };
  });
}

async function findLink(deps: SignInDeps, secret: string) {
  return platformTx(deps.db, (tx) =>
    tx
      .selectFrom("person_link")
      .select(["tenant_id", "link_id", "kind", "user_id"])
      .where("digest", "=", linkDigest(secret))
      .where("ended_at", "is", null)
      .where("expires_at", ">", deps.clock.now())
      .executeTakeFirst(),
  );
}

function setupEmail(input: LinkUse): string {
  if (input.email === undefined) throw new AppError("invalid-field", "the first administrador needs an e-mail", { pointer: "/body/email" });
  if (input.name === undefined) throw new AppError("invalid-field", "the first administrador needs a name", { pointer: "/body/name" });
  return normalEmail(input.email);
}

async function emailOf(ctx: ActionContext, userId: string): Promise<string> {
  const person = await tenantTx(ctx.db, ctx.tenantId, (tx) => personById(tx, ctx, userId));
  return person?.email ?? "";
}

/** Of two uses at the same time, one gets it. */
async function takeLink(tx: Tx, ctx: ActionContext, linkId: string): Promise<void> {
  const taken = await tx
    .updateTable("person_link")
    .set({ ended_at: ctx.clock.now() })
    .where("tenant_id", "=", ctx.tenantId)
    .where("link_id", "=", linkId)
    .where("ended_at", "is", null)
    .returning("link_id")
    .executeTakeFirst();
  if (taken === undefined) throw new AppError("sign-in-failed", "this link was used, replaced, or is too old");
}

async function makeFirstAdministrator(tx: Tx, ctx: ActionContext, of: { email: string; name: string }): Promise<string> {
  const userId = await insertPerson(tx, ctx, { ...of, roles: ["administrador"], partner_ids: [], state: "invited" });
  if (await hasAdministrator(tx, ctx.tenantId)) throw new AppError("conflict", "there is an administrador already");
  return userId;
}

async function accept(tx: Tx, ctx: ActionContext, of: { userId: string; password: string; kind: string }): Promise<void> {
  const person = await personById(tx, ctx, of.userId, "lock");
  if (person === undefined || person.state === "disabled") throw new AppError("sign-in-failed");
  await tx
    .updateTable("person")
    .set({ state: "active", password: of.password, password_at: ctx.clock.now() })
    .where("tenant_id", "=", ctx.tenantId)
    .where("user_id", "=", of.userId)
    .execute();
  await appendAdminEntry(
    tx,
    { ...ctx, actor: { kind: "user", id: of.userId } },
    { action: "user.accept", target: { kind: "user", id: of.userId }, detail: { link: of.kind, roles: person.roles } },
  );
}
