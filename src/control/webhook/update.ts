import { appendAdminEntry } from "../../audit/append.ts";
import { AppError } from "../../contract/errors.ts";
import type { Webhook, WebhookChange } from "../../contract/webhook.ts";
import type { Tx } from "../../db/database.ts";
import { tenantTx } from "../../db/tx.ts";
import type { ActionContext } from "../context.ts";
import { requireActiveLicense } from "../license/get.ts";
import { requireOwnWebhook } from "../partner-rows.ts";
import { lockPolicy } from "../policy-lock.ts";
import { requireScope } from "../require-scope.ts";
import { requireMatch } from "../row-version.ts";
import { checkTypes } from "./check-types.ts";
import { checkWebhookUrl } from "./check-url.ts";
import { webhookColumns, webhookOf } from "./row.ts";

/**
 * Changes what is named of a webhook. Another URL has to prove itself like a new one: the webhook is pending until its
 * check has succeeded. `conflict` when it is disabled or its license is not active; the demo receiver's URL stays.
 */
export async function updateWebhook(ctx: ActionContext, input: WebhookChange & { webhook_id: string }): Promise<Webhook> {
  requireScope(ctx, "webhooks:write");
  const { webhook_id, ...change } = input;
  if (change.url !== undefined) checkWebhookUrl(change.url);
  return tenantTx(ctx.db, ctx.tenantId, async (tx) => {
    await lockPolicy(tx);
    await requireOwnWebhook(tx, ctx, webhook_id);
    const before = await lockWebhook(tx, ctx.tenantId, webhook_id);
    requireMatch(ctx, "GET /v1/webhooks/{webhook_id}", before);
    if (before.state === "disabled") throw new AppError("conflict", "the webhook is disabled");
    if (change.event_types !== undefined)
      checkTypes(change.event_types, await requireActiveLicense(tx, { ...ctx, now: ctx.clock.now() }, before.license_id));
    const changed = changedMembers(before, change);
    if (changed.length === 0) return before;
    const unproved = changed.includes("url") ? ({ state: "pending", state_reason: null } as const) : {};
    const row = await tx
      .updateTable("webhook")
      .set({ ...change, ...unproved })
      .where("tenant_id", "=", ctx.tenantId)
      .where("webhook_id", "=", webhook_id)
      .returning(webhookColumns)
      .executeTakeFirstOrThrow();
    const after = webhookOf(row);
    const target = { kind: "webhook", id: webhook_id };
    await appendAdminEntry(tx, ctx, { action: "webhook.update", target, before, after, detail: { changed } });
    return after;
  });
}

async function lockWebhook(tx: Tx, tenantId: string, webhookId: string): Promise<Webhook> {
  const row = await tx
    .selectFrom("webhook")
    .select([...webhookColumns, "allowed_address"])
    .where("tenant_id", "=", tenantId)
    .where("webhook_id", "=", webhookId)
    .forNoKeyUpdate()
    .executeTakeFirst();
  if (row === undefined) throw new AppError("not-found");
  const { allowed_address, ...webhook } = row;
  if (allowed_address !== null) throw new AppError("conflict", "the demo receiver's webhook does not change");
  return webhookOf(webhook);
}

function changedMembers(before: Webhook, change: WebhookChange): string[] {
  return Object.entries(change)
    .filter(([name, value]) => value !== undefined && JSON.stringify(Reflect.get(before, name)) !== JSON.stringify(value))
    .map(([name]) => name);
}
