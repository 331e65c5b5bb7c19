import { AppError } from "../contract/errors.ts";
import type { Tx } from "../db/database.ts";
import type { ActionContext } from "./context.ts";
import { visiblePartners } from "./partner-scope.ts";

/** Sub-select: ids of these partners' licenses. An empty list gives none. */
export function licensesOfPartners(tx: Tx, tenantId: string, partnerIds: readonly string[]) {
  return tx.selectFrom("license").select("license_id").where("tenant_id", "=", tenantId).where("partner_id", "in", partnerIds);
}

/** Sub-select: ids of the accesses of these partners' licenses. */
export function accessesOfPartners(tx: Tx, tenantId: string, partnerIds: readonly string[]) {
  return tx
    .selectFrom("access")
    .select("access_id")
    .where("tenant_id", "=", tenantId)
    .where("license_id", "in", licensesOfPartners(tx, tenantId, partnerIds));
}

/** Sub-select: ids of the webhooks of these partners' licenses. */
export function webhooksOfPartners(tx: Tx, tenantId: string, partnerIds: readonly string[]) {
  return tx
    .selectFrom("webhook")
    .select("webhook_id")
    .where("tenant_id", "=", tenantId)
    .where("license_id", "in", licensesOfPartners(tx, tenantId, partnerIds));
}

type Who = Pick<ActionContext, "tenantId" | "partnerIds">;

/** Refuses (`not-found`) an access that is not of a partner whose rows this actor may see. */
export async function requireOwnAccess(tx: Tx, ctx: Who, accessId: string): Promise<void> {
  const visible = visiblePartners(ctx);
  if (visible === undefined) return;
  requireRow(await accessesOfPartners(tx, ctx.tenantId, visible).where("access_id", "=", accessId).executeTakeFirst());
}

/** Refuses (`not-found`) a webhook that is not of a partner whose rows this actor may see. */
export async function requireOwnWebhook(tx: Tx, ctx: Who, webhookId: string): Promise<void> {
  const visible = visiblePartners(ctx);
  if (visible === undefined) return;
  requireRow(await webhooksOfPartners(tx, ctx.tenantId, visible).where("webhook_id", "=", webhookId).executeTakeFirst());
}

function requireRow(row: object | undefined): void {
  if (row === undefined) throw new AppError("not-found");
}
