import { appendAdminEntry } from "../../audit/append.ts";
import { AppError } from "../../contract/errors.ts";
import type { IdentityProvider, NewIdentityProvider } from "../../contract/identity-provider.ts";
import { tenantTx } from "../../db/tx.ts";
import { newId } from "../../platform/ids.ts";
import { isLoopback } from "../../platform/listen.ts";
import { seal } from "../../platform/seal.ts";
import type { ActionContext } from "../context.ts";
import { requirePerson } from "../partner-scope.ts";
import { requireScope } from "../require-scope.ts";
import { requireRecentSecondFactor, stepUpMs } from "../session/recent-second-factor.ts";
import { checkRoles, requireKnownPartners, requireMayGive } from "../user/check-roles.ts";
import { providerColumns, providerOf } from "./row.ts";

/**
 * Sets up an OpenID Connect provider. Whoever controls it signs people in, so a person who just gave a second factor does
 * this. `invalid-field` for an issuer that is no https URL and for roles that do not go together.
 */
export async function createIdentityProvider(ctx: ActionContext, input: NewIdentityProvider): Promise<IdentityProvider> {
  requireScope(ctx, "users:write");
  if (ctx.actor.kind !== "system") requirePerson(ctx);
  requireRecentSecondFactor(ctx, stepUpMs);
  checkIssuer(input.issuer);
  const roleMap = input.role_map ?? [];
  if (roleMap.length > 0 && input.role_claim === undefined)
    throw new AppError("invalid-field", "a role map needs the claim that it maps", { pointer: "/body/role_claim" });
  for (const mapping of roleMap) {
    checkRoles(mapping);
    requireMayGive(ctx, mapping.roles);
  }
  const { client_secret, role_claim, trusts_second_factor, ...rest } = input;
  const providerId = newId("idp");
  return tenantTx(ctx.db, ctx.tenantId, async (tx) => {
    await requireKnownPartners(
      tx,
      ctx.tenantId,
      roleMap.flatMap((mapping) => mapping.partner_ids ?? []),
    );
    const row = await tx
      .insertInto("identity_provider")
      .values({
        ...rest,
        tenant_id: ctx.tenantId,
        provider_id: providerId,
        client_secret_sealed: seal(ctx.keyring.data, client_secret, `identity_provider.client_secret:${providerId}`),
        role_claim: role_claim ?? null,
        role_map: JSON.stringify(roleMap),
        trusts_second_factor: trusts_second_factor ?? false,
        state: "active",
        created_at: ctx.clock.now(),
      })
      .returning(providerColumns)
      .executeTakeFirstOrThrow();
    const provider = providerOf(row);
    await appendAdminEntry(tx, ctx, {
      action: "provider.create",
      target: { kind: "identity_provider", id: providerId },
      after: provider,
      detail: { issuer: provider.issuer, email_domains: provider.email_domains, roles: roleMap.flatMap((mapping) => mapping.roles) },
    });
    return provider;
  });
}

function checkIssuer(text: string): void {
  const pointer = "/body/issuer";
  if (!URL.canParse(text)) throw new AppError("invalid-field", "this is not a URL", { pointer });
  const url = new URL(text);
  const isPlainLoopback = url.protocol === "http:" && isLoopback(url.hostname.replace(/^\[|\]$/g, ""));
  if (url.protocol !== "https:" && !isPlainLoopback) throw new AppError("invalid-field", "an issuer is an https URL", { pointer });
  if (url.username !== "" || url.password !== "" || url.search !== "" || url.hash !== "")
    throw new AppError("invalid-field", "an issuer has neither credentials, query nor fragment", { pointer });
}
