import { appendAdminEntry } from "../../audit/append.ts";
import { AppError } from "../../contract/errors.ts";
import type { IdentityProvider } from "../../contract/identity-provider.ts";
import type { Tx } from "../../db/database.ts";
import { tenantTx } from "../../db/tx.ts";
import type { ActionContext } from "../context.ts";
import { requirePerson, requireWholeTenant } from "../partner-scope.ts";
import { requireScope } from "../require-scope.ts";
import { requireRecentSecondFactor, stepUpMs } from "../session/recent-second-factor.ts";
import { keepAnAdministrator } from "../user/last-administrator.ts";
import { providerColumns, providerOf } from "./row.ts";

/**
 * Lets nobody sign in through a provider; sessions that are open go on. `not-found` for any other id, `conflict` for the one
 * that the last administrador signs in by.
 */
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
    await keepAnAdministrator(tx, ctx.tenantId, () => setState(tx, ctx, of));
    const row = await tx
      .selectFrom("identity_provider")
      .select(providerColumns)
      .where("tenant_id", "=", ctx.tenantId)
      .where("provider_id", "=", of.providerId)
      .executeTakeFirst();
    if (row === undefined) throw new AppError("not-found");
    await appendAdminEntry(tx, ctx, {
      action: of.state === "active" ? "provider.enable" : "provider.disable",
      target: { kind: "identity_provider", id: of.providerId },
    });
    return providerOf(row);
  });
}

async function setState(tx: Tx, ctx: ActionContext, of: { providerId: string; state: IdentityProvider["state"] }): Promise<void> {
  await tx
    .updateTable("identity_provider")
    .set({ state: of.state })
    .where("tenant_id", "=", ctx.tenantId)
    .where("provider_id", "=", of.providerId)
    .execute();
}
