import { AppError } from "../../contract/errors.ts";
import type { WebhookDetail } from "../../contract/webhook.ts";
import { tenantTx } from "../../db/tx.ts";
import type { ActionContext } from "../context.ts";
import { requireOwnWebhook } from "../partner-rows.ts";
import { requireScope } from "../require-scope.ts";
import { checkColumns, checkOf, webhookColumns, webhookOf } from "./row.ts";

/** One webhook of the tenant with its last check; `not-found` for any other id. */
export async function getWebhook(ctx: ActionContext, input: { webhook_id: string }): Promise<WebhookDetail> {
  requireScope(ctx, "webhooks:read");
  const found = await tenantTx(ctx.db, ctx.tenantId, async (tx) => {
    await requireOwnWebhook(tx, ctx, input.webhook_id);
    const webhook = await tx
      .selectFrom("webhook")
      .select(webhookColumns)
      .where("tenant_id", "=", ctx.tenantId)
      .where("webhook_id", "=", input.webhook_id)
      .executeTakeFirst();
    const check = await tx
      .selectFrom("webhook_check")
      .select(checkColumns)
      .where("tenant_id", "=", ctx.tenantId)
      .where("webhook_id", "=", input.webhook_id)
      .orderBy("check_id", "desc")
      .limit(1)
      .executeTakeFirst();
    return { webhook, check };
  });
  if (found.webhook === undefined) throw new AppError("not-found");
  return { ...webhookOf(found.webhook), last_check: found.check === undefined ? null : checkOf(found.check) };
}
