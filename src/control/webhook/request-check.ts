import { sql } from "kysely";
import { appendAdminEntry } from "../../audit/append.ts";
import { AppError } from "../../contract/errors.ts";
import type { WebhookCheck } from "../../contract/webhook.ts";
import { tenantTx } from "../../db/tx.ts";
import { newId } from "../../platform/ids.ts";
import type { ActionContext } from "../context.ts";
import { requireOwnWebhook } from "../partner-rows.ts";
import { requireScope } from "../require-scope.ts";
import { checkColumns, checkOf } from "./row.ts";

/**
 * Asks a dispatcher for a signed challenge to a webhook and wakes it. A check that is still open is given back instead
 * of a second one. `not-found`; `conflict` for a disabled webhook.
 */
export async function requestWebhookCheck(ctx: ActionContext, input: { webhook_id: string }): Promise<WebhookCheck> {
  requireScope(ctx, "webhooks:write");
  return tenantTx(ctx.db, ctx.tenantId, async (tx) => {
    await requireOwnWebhook(tx, ctx, input.webhook_id);
    // the row's lock makes concurrent requests see each other's check
    const webhook = await tx
      .selectFrom("webhook")
      .select("state")
      .where("tenant_id", "=", ctx.tenantId)
      .where("webhook_id", "=", input.webhook_id)
      .forNoKeyUpdate()
      .executeTakeFirst();
    if (webhook === undefined) throw new AppError("not-found");
    if (webhook.state === "disabled") throw new AppError("conflict", "the webhook is disabled");
    const open = await tx
      .selectFrom("webhook_check")
      .select(checkColumns)
      .where("tenant_id", "=", ctx.tenantId)
      .where("webhook_id", "=", input.webhook_id)
      .where("state", "in", ["requested", "running"])
      .executeTakeFirst();
    if (open !== undefined) return checkOf(open);
    const row = await tx
      .insertInto("webhook_check")
      .values({ tenant_id: ctx.tenantId, check_id: newId("chk"), webhook_id: input.webhook_id, requested_at: ctx.clock.now() })
      .returning(checkColumns)
      .executeTakeFirstOrThrow();
    await appendAdminEntry(tx, ctx, {
      action: "webhook.check",
      target: { kind: "webhook", id: input.webhook_id },
      detail: { check_id: row.check_id, state: row.state },
    });
    await sql`SELECT pg_notify('aqueduto_events', ${ctx.tenantId})`.execute(tx);
    return checkOf(row);
  });
}
