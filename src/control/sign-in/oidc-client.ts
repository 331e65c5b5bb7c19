import * as oidc from "openid-client";
import { AppError } from "../../contract/errors.ts";
import type { RoleMapping } from "../../contract/identity-provider.ts";
import type { Tx } from "../../db/database.ts";
import { openSealed } from "../../platform/seal.ts";
import type { ActionContext } from "../context.ts";
import { storedRoleMap } from "../identity-provider/row.ts";

const timeoutSeconds = 10;

/** What a sign-in needs of a provider. */
export type Provider = {
  provider_id: string;
  issuer: string;
  client_id: string;
  clientSecret: string;
  email_domains: string[];
  role_claim: string | null;
  roleMap: RoleMapping[];
  trusts_second_factor: boolean;
};

/** An active provider of the tenant; `not-found`. */
export async function requireProvider(tx: Tx, ctx: ActionContext, providerId: string): Promise<Provider> {
  const row = await tx
    .selectFrom("identity_provider")
    .select([
      "provider_id",
      "issuer",
      "client_id",
      "client_secret_sealed",
      "email_domains",
      "role_claim",
      "role_map",
      "trusts_second_factor",
    ])
    .where("tenant_id", "=", ctx.tenantId)
    .where("provider_id", "=", providerId)
    .where("state", "=", "active")
    .executeTakeFirst();
  if (row === undefined) throw new AppError("not-found");
  const { client_secret_sealed, role_map, ...rest } = row;
  const clientSecret = openSealed(ctx.keyring, client_secret_sealed, `identity_provider.client_secret:${providerId}`).toString();
  return { ...rest, clientSecret, roleMap: storedRoleMap(role_map) };
}

export type AuthorizationRequest = { url: string; state: string; nonce: string; verifier: string };

/** Where to send the browser: authorization code flow with PKCE (RFC 7636), state and nonce. `upstream-failed`. */
export async function authorizationRequest(provider: Provider, redirectUri: string): Promise<AuthorizationRequest> {
  const config = await discovered(provider);
  const request = { state: oidc.randomState(), nonce: oidc.randomNonce(), verifier: oidc.randomPKCECodeVerifier() };
  const url = oidc.buildAuthorizationUrl(config, {
    redirect_uri: redirectUri,
    scope: "openid email profile",
    state: request.state,
    nonce: request.nonce,
    code_challenge: await oidc.calculatePKCECodeChallenge(request.verifier),
    code_challenge_method: "S256",
  });
  return { ...request, url: url.href };
}

export type Claims = Readonly<Record<string, unknown>> & { sub: string };

/**
 * The claims of the ID token that the callback's code gives, after the checks of OpenID Connect Core 3.1.3.7: issuer,
 * audience, signature, nonce, expiry; and state, iss and PKCE. What the ID token leaves out is asked of userinfo. Undefined
 * for an answer that does not hold.
 */
export async function callbackClaims(
  provider: Provider,
  callbackUrl: string,
  of: Omit<AuthorizationRequest, "url">,
): Promise<Claims | undefined> {
  const config = await discovered(provider);
  try {
    const tokens = await oidc.authorizationCodeGrant(config, new URL(callbackUrl), {
      expectedState: of.state,
      expectedNonce: of.nonce,
      pkceCodeVerifier: of.verifier,
      idTokenExpected: true,
    });
    const claims = tokens.claims();
    if (claims === undefined) return undefined;
    if (claims["email"] !== undefined || config.serverMetadata().userinfo_endpoint === undefined) return claims;
    return { ...(await oidc.fetchUserInfo(config, tokens.access_token, claims.sub)), ...claims };
  } catch {
    // the library throws on every kind of answer that does not hold
    return undefined;
  }
}

async function discovered(provider: Provider): Promise<oidc.Configuration> {
  const issuer = new URL(provider.issuer);
  // create-identity-provider lets http through for loopback addresses alone
  const execute = issuer.protocol === "http:" ? [oidc.allowInsecureRequests] : [];
  try {
    return await oidc.discovery(issuer, provider.client_id, provider.clientSecret, undefined, { execute, timeout: timeoutSeconds });
  } catch (error) {
    throw new AppError("upstream-failed", "the sign-in provider does not answer as one", { cause: error });
  }
}
