import type { IdentityProvider } from "../../contract/identity-provider.ts";
import { tenantTx } from "../../db/tx.ts";
import type { ActionContext } from "../context.ts";
import { limitOf, pageOf, type Page, type PageQuery } from "../page.ts";
import { requireWholeTenant } from "../partner-scope.ts";
import { requireScope } from "../require-scope.ts";
import { type SignInDeps, signInTenant } from "../sign-in/context.ts";
import { providerColumns, providerOf } from "./row.ts";

/** Sign-in providers of the tenant, newest first; never their secrets. */
export async function listIdentityProviders(ctx: ActionContext, query: PageQuery): Promise<Page<IdentityProvider>> {
  requireScope(ctx, "users:read");
  requireWholeTenant(ctx);
  const rows = await tenantTx(ctx.db, ctx.tenantId, (tx) =>
    tx
      .selectFrom("identity_provider")
      .select(providerColumns)
      .where("tenant_id", "=", ctx.tenantId)
      .$if(query.cursor !== undefined, (select) => select.where("provider_id", "<", query.cursor ?? ""))
      .orderBy("provider_id", "desc")
      .limit(limitOf(query) + 1)
      .execute(),
  );
  return pageOf(rows, query, { item: providerOf, cursor: (row) => row.provider_id });
}

/** Ids and names of the tenant's active providers, for a page where nobody is signed in yet. */
export async function listSignInProviders(
  deps: SignInDeps,
  query: { tenant_id?: string },
): Promise<{ items: { provider_id: string; name: string }[] }> {
  const ctx = await signInTenant(deps, query.tenant_id);
  const items = await tenantTx(ctx.db, ctx.tenantId, (tx) =>
    tx
      .selectFrom("identity_provider")
      .select(["provider_id", "name"])
      .where("tenant_id", "=", ctx.tenantId)
      .where("state", "=", "active")
      .orderBy("provider_id")
      .limit(50)
      .execute(),
  );
  return { items };
}
