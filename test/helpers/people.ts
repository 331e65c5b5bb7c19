import { generateSync } from "otplib";
import type { Role } from "../../src/contract/roles.ts";
import type { ActionContext } from "../../src/control/context.ts";
import { authenticateSession } from "../../src/control/session/authenticate.ts";
import { csrfOf } from "../../src/control/session/token.ts";
import { addTotp, confirmTotp } from "../../src/control/sign-in/add-totp.ts";
import type { SignInDeps } from "../../src/control/sign-in/context.ts";
import { useLink } from "../../src/control/sign-in/use-link.ts";
import { inviteUser } from "../../src/control/user/invite.ts";
import { newId } from "../../src/platform/ids.ts";

export type TestUser = {
  userId: string;
  email: string;
  password: string;
  /** Base32 secret of the authenticator app. */
  totpSecret: string;
  recoveryCodes: string[];
  /** Secret of a session in which a second factor was just given. */
  token: string;
  csrf: string;
  /** The context of that session. */
  ctx: ActionContext;
};

/** The six digits that an authenticator app shows at an instant. */
export function totpAt(secret: string, at: Date): string {
  return generateSync({ secret, epoch: Math.floor(at.getTime() / 1000) });
}

/** Headers of a page of ours that changes something in a session. */
export function pageHeaders(url: string, of: { token: string; csrf: string }): Record<string, string> {
  return { cookie: `aqueduto=${of.token}`, origin: url, "aqueduto-csrf": of.csrf };
}

/** The context of a session's secret, as the admin server makes it. */
export async function contextOfSession(deps: SignInDeps, token: string): Promise<ActionContext> {
  const identity = await authenticateSession(deps.db, deps.clock, token);
  if (identity === undefined) throw new Error("this session signs nobody in");
  const { tenantId, userId, sessionId, scopes, partnerIds, secondFactorAt } = identity;
  return {
    ...deps,
    tenantId,
    actor: { kind: "user", id: userId },
    scopes,
    eventTypes: [],
    session: { sessionId, secondFactorAt },
    ...(partnerIds === undefined ? {} : { partnerIds }),
  };
}

/** A user who was invited, took the link, added an authenticator app, and is signed in with both factors. */
export async function createTestUser(system: ActionContext, roles: Role[], partnerIds: string[] = []): Promise<TestUser> {
  const { db, clock, keyring } = system;
  const deps = { db, clock, keyring, requestId: "req_test" };
  const email = `${newId("u")}@example.com`;
  const password = `senha de ${newId("p")}`;
  const invited = await inviteUser(system, { email, name: "Pessoa de Teste", roles, partner_ids: partnerIds });
  const first = await useLink(deps, { link: invited.link.secret, password });
  const pending = await contextOfSession(deps, first.token);
  const app = await addTotp(pending, { name: "app" });
  const totp = totpAt(app.secret, clock.now());
  const added = await confirmTotp(pending, { factor_id: app.factor_id, totp, ip: "127.0.0.1" });
  return {
    userId: invited.user_id,
    email,
    password,
    totpSecret: app.secret,
    recoveryCodes: added.reply.recovery_codes,
    token: added.token,
    csrf: csrfOf(added.token),
    ctx: await contextOfSession(deps, added.token),
  };
}
