import { appendAdminEntry } from "../../audit/append.ts";
import { AppError } from "../../contract/errors.ts";
import { tenantTx } from "../../db/tx.ts";
import type { ActionContext } from "../context.ts";
import { lockPolicy } from "../policy-lock.ts";
import { requireWholeTenant } from "../partner-scope.ts";
import { requireScope } from "../require-scope.ts";

/**
 * Points a demo tenant's webhook at the address where its receiver listens now; a webhook that moved is pending until it
 * is verified there. Does nothing when it points there already. `not-found` when the tenant has no such demo webhook.
 */
export async function moveDemoWebhook(
  ctx: ActionContext,
  input: { webhook_id: string; url: string; allowedAddress: string },
): Promise<void> {
  requireScope(ctx, "webhooks:write");
  requireWholeTenant(ctx);
  await tenantTx(ctx.db, ctx.tenantId, async (tx) => {
    await lockPolicy(tx);
    const before = await tx
      .selectFrom("webhook")
      .select(["url", "allowed_address"])
      .where("tenant_id", "=", ctx.tenantId)
      .where("webhook_id", "=", input.webhook_id)
      .where("allowed_address", "is not", null)
      .executeTakeFirst();
    if (before === undefined) throw new AppError("not-found");
    if (before.url === input.url && before.allowed_address === input.allowedAddress) return;
    await tx
      .updateTable("webhook")
      .set({ url: input.url, allowed_address: input.allowedAddress, state: "pending", state_reason: "the receiver moved" })
      .where("tenant_id", "=", ctx.tenantId)
      .where("webhook_id", "=", input.webhook_id)
      .execute();
    await appendAdminEntry(tx, ctx, {
      action: "webhook.move",
      target: { kind: "webhook", id: input.webhook_id },
      before: { url: before.url },
      after: { url: input.url },
    });
  });
}
