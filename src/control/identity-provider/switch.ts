import { appendAdminEntry } from "../../audit/append.ts";
import { AppError } from "../../contract/errors.ts";
import type { IdentityProvider } from "../../contract/identity-provider.ts";
import { tenantTx } from "../../db/tx.ts";
import type { ActionContext } from "../context.ts";
import { requirePerson, requireWholeTenant } from "../partner-scope.ts";
import { requireScope } from "../require-scope.ts";
import { requireRecentSecondFactor, stepUpMs } from "../session/recent-second-factor.ts";
import { providerColumns, providerOf } from "./row.ts";

/** Lets nobody sign in through a provider; sessions that are open go on. `not-found` for any other id. */
export async function disableIdentityProvider(ctx: ActionContext, input: { provider_id: string }): Promise<IdentityProvider> {
  return switchProvider(ctx, { providerId: input.provider_id, state: "disabled" });
}

/** Lets people sign in through a provider again, which takes a person who just gave a second factor. */
export async function enableIdentityProvider(ctx: ActionContext, input: { provider_id: string }): Promise<IdentityProvider> {
  if (ctx.actor.kind !== "system") requirePerson(ctx);
  requireRecentSecondFactor(ctx, stepUpMs);
  return switchProvider(ctx, { providerId: input.provider_id, state: "active" });
}

async function switchProvider(ctx: ActionContext, of: { providerId: string; state: IdentityProvider["state"] }): Promise<IdentityProvider> {
  requireScope(ctx, "users:write");
  requireWholeTenant(ctx);
  return tenantTx(ctx.db, ctx.tenantId, async (tx) => {
    const row = await tx
      .updateTable("identity_provider")
      .set({ state: of.state })
      .where("tenant_id", "=", ctx.tenantId)
      .where("provider_id", "=", of.providerId)
      .returning(providerColumns)
      .executeTakeFirst();
    if (row === undefined) throw new AppError("not-found");
    await appendAdminEntry(tx, ctx, {
      action: of.state === "active" ? "provider.enable" : "provider.disable",
      target: { kind: "identity_provider", id: of.providerId },
    });
    return providerOf(row);
  });
}
