import { createApiKey } from "../control/api-key/create.ts";
import { endApiKey } from "../control/api-key/end.ts";
import { listApiKeys } from "../control/api-key/list.ts";
import type { ActionContext } from "../control/context.ts";
import { createIdentityProvider } from "../control/identity-provider/create.ts";
import { listIdentityProviders, listSignInProviders } from "../control/identity-provider/list.ts";
import { disableIdentityProvider, enableIdentityProvider } from "../control/identity-provider/switch.ts";
import { parseFutureInstant } from "../control/instants.ts";
import { endSession, endUserSessions, signOut } from "../control/session/end.ts";
import { getSession } from "../control/session/get.ts";
import { listSessions } from "../control/session/list.ts";
import { addPasskey, beginPasskey } from "../control/sign-in/add-passkey.ts";
import { addTotp, confirmTotp } from "../control/sign-in/add-totp.ts";
import { changePassword } from "../control/sign-in/change-password.ts";
import { listFactors } from "../control/sign-in/factors.ts";
import { beginPasskeySignIn, signInWithPasskey } from "../control/sign-in/passkey.ts";
import { newRecoveryCodes } from "../control/sign-in/recovery-codes.ts";
import { removeFactor } from "../control/sign-in/remove-factor.ts";
import { beginSecondFactorPasskey, giveSecondFactor } from "../control/sign-in/second-factor.ts";
import { useLink } from "../control/sign-in/use-link.ts";
import { signInWithPassword } from "../control/sign-in/with-password.ts";
import { changeUserRoles } from "../control/user/change-roles.ts";
import { disableUser } from "../control/user/disable.ts";
import { enableUser } from "../control/user/enable.ts";
import { getUser } from "../control/user/get.ts";
import { inviteUser, type LinkFor } from "../control/user/invite.ts";
import { linkUrl } from "../control/user/link-url.ts";
import { listUsers } from "../control/user/list.ts";
import { resetUser } from "../control/user/reset.ts";
import type { NewApiKey } from "../contract/api-key.ts";
import type { apiKeyRoutes } from "../contract/api-key.ts";
import type { identityProviderRoutes } from "../contract/identity-provider.ts";
import type { Reply } from "../contract/routes.ts";
import { isScope } from "../contract/scopes.ts";
import type { sessionRoutes } from "../contract/session.ts";
import type { UserLink, userRoutes } from "../contract/user.ts";
import type { Call } from "./handlers.ts";

type PeopleKey = keyof typeof userRoutes | keyof typeof sessionRoutes | keyof typeof identityProviderRoutes | keyof typeof apiKeyRoutes;
type OpenKey =
  | "GET /v1/sign-in/providers"
  | "POST /v1/sign-in"
  | "POST /v1/sign-in/link"
  | "POST /v1/sign-in/passkey/options"
  | "POST /v1/sign-in/passkey";

/** Routes where nobody is signed in yet. */
export const openPeopleHandlers: { [K in OpenKey]: (call: Call<K>) => Promise<Reply<K>> } = {
  "GET /v1/sign-in/providers": ({ from, query }) => listSignInProviders(from.deps, query),
  "POST /v1/sign-in": async ({ from, body }) => from.signedIn(await signInWithPassword(from.deps, from, body)),
  "POST /v1/sign-in/link": async ({ from, body }) => from.signedIn(await useLink(from.deps, body)),
  "POST /v1/sign-in/passkey/options": ({ from, body }) => beginPasskeySignIn(from.deps, from, body),
  "POST /v1/sign-in/passkey": async ({ from, body }) => from.signedIn(await signInWithPasskey(from.deps, from, body)),
};

export const peopleHandlers: { [K in Exclude<PeopleKey, OpenKey>]: (ctx: ActionContext, call: Call<K>) => Promise<Reply<K>> } = {
  "POST /v1/users": async (ctx, { from, body }) => shownLink(from.origin, await inviteUser(ctx, body)),
  "GET /v1/users": (ctx, { query }) => listUsers(ctx, query),
  "GET /v1/users/{user_id}": (ctx, { params }) => getUser(ctx, params),
  "POST /v1/users/{user_id}/roles": (ctx, { params, body }) => changeUserRoles(ctx, { ...body, ...params }),
  "POST /v1/users/{user_id}/disable": (ctx, { params, body }) => disableUser(ctx, { ...body, ...params }),
  "POST /v1/users/{user_id}/enable": (ctx, { params }) => enableUser(ctx, params),
  "POST /v1/users/{user_id}/reset": async (ctx, { from, params, body }) =>
    shownLink(from.origin, await resetUser(ctx, { ...body, ...params })),
  "POST /v1/users/{user_id}/sessions/end": (ctx, { params, body }) => endUserSessions(ctx, { ...body, ...params }),
  "POST /v1/second-factor/passkey/options": (ctx, { from }) => beginSecondFactorPasskey(ctx, from),
  "POST /v1/second-factor": async (ctx, { from, body }) => from.signedIn(await giveSecondFactor(ctx, from, body)),
  "POST /v1/sign-out": async (ctx, { from }) => {
    const done = await signOut(ctx);
    from.signedOut();
    return done;
  },
  "GET /v1/session": (ctx, { from }) => getSession(ctx, from),
  "GET /v1/sessions": (ctx, { query }) => listSessions(ctx, query),
  "POST /v1/sessions/{session_id}/end": (ctx, { params }) => endSession(ctx, params),
  "POST /v1/password": (ctx, { from, body }) => changePassword(ctx, { ...body, ip: from.ip, device: from.device }),
  "GET /v1/factors": (ctx) => listFactors(ctx),
  "POST /v1/factors/totp": (ctx, { body }) => addTotp(ctx, body),
  "POST /v1/factors/{factor_id}/confirm": async (ctx, { from, params, body }) =>
    from.signedIn(await confirmTotp(ctx, { ...body, ...params, ip: from.ip, device: from.device })),
  "POST /v1/factors/passkey/options": (ctx, { from }) => beginPasskey(ctx, from),
  "POST /v1/factors/passkey": async (ctx, { from, body }) => from.signedIn(await addPasskey(ctx, { ...body, origin: from.origin })),
  "POST /v1/factors/{factor_id}/remove": (ctx, { params }) => removeFactor(ctx, params),
  "POST /v1/recovery-codes": (ctx) => newRecoveryCodes(ctx),
  "POST /v1/identity-providers": (ctx, { body }) => createIdentityProvider(ctx, body),
  "GET /v1/identity-providers": (ctx, { query }) => listIdentityProviders(ctx, query),
  "POST /v1/identity-providers/{provider_id}/disable": (ctx, { params }) => disableIdentityProvider(ctx, params),
  "POST /v1/identity-providers/{provider_id}/enable": (ctx, { params }) => enableIdentityProvider(ctx, params),
  "POST /v1/api-keys": (ctx, { body }) => newApiKey(ctx, body),
  "GET /v1/api-keys": (ctx, { query }) => listApiKeys(ctx, query),
  "POST /v1/api-keys/{key_id}/end": (ctx, { params, body }) => endApiKey(ctx, { ...body, ...params }),
};

function shownLink(origin: string, { user_id, link }: LinkFor): UserLink {
  return { user_id, link: linkUrl(origin, link.secret), expires_at: link.expiresAt.toISOString() };
}

async function newApiKey(ctx: ActionContext, body: NewApiKey): Promise<Reply<"POST /v1/api-keys">> {
  const { expires_at } = body;
  const expiresAt = expires_at === undefined ? undefined : parseFutureInstant(expires_at, ctx.clock.now(), "/body/expires_at");
  const made = await createApiKey(ctx, {
    name: body.name,
    scopes: body.scopes.filter(isScope),
    eventTypes: body.event_types ?? [],
    ...(body.partner_ids === undefined ? {} : { partnerIds: body.partner_ids }),
    ...(expiresAt === undefined ? {} : { expiresAt }),
  });
  return { key_id: made.key_id, key: made.key.reveal(), expires_at: made.expires_at?.toISOString() ?? null };
}
