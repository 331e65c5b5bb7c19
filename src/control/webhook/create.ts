import { randomBytes } from "node:crypto";
import { appendAdminEntry } from "../../audit/append.ts";
import { AppError } from "../../contract/errors.ts";
import type { CreatedWebhook, NewWebhook } from "../../contract/webhook.ts";
import type { Tx } from "../../db/database.ts";
import { tenantTx } from "../../db/tx.ts";
import { newId } from "../../platform/ids.ts";
import { seal } from "../../platform/seal.ts";
import type { ActionContext } from "../context.ts";
import { requireActiveLicense } from "../license/get.ts";
import { lockPolicy } from "../policy-lock.ts";
import { requireScope } from "../require-scope.ts";
import { checkTypes } from "./check-types.ts";
import { checkWebhookUrl } from "./check-url.ts";
import { webhookColumns, webhookOf } from "./row.ts";

const secretBytes = 32;

/** The demo receiver's exact `address:port`; never taken from a request. */
export type DemoReceiver = { allowedAddress: string };

/**
 * Creates a pending webhook of an active license for event types that the license grants, with a new Standard Webhooks
 * secret, which is in the reply and afterwards only sealed in the store. With `demo`, and for a demo tenant alone, the URL
 * is the receiver at that address. Errors: `invalid-field`, `conflict`.
 */
export async function createWebhook(ctx: ActionContext, input: NewWebhook, demo?: DemoReceiver): Promise<CreatedWebhook> {
  requireScope(ctx, "webhooks:write");
  if (demo === undefined) checkWebhookUrl(input.url);
  else checkDemoUrl(input.url, demo);
  const now = ctx.clock.now();
  const webhookId = newId("whk");
  const secret = `whsec_${randomBytes(secretBytes).toString("base64")}`;
  return tenantTx(ctx.db, ctx.tenantId, async (tx) => {
    await lockPolicy(tx);
    if (demo !== undefined) await requireDemoTenant(tx, ctx.tenantId);
    checkTypes(input.event_types, await requireActiveLicense(tx, { ...ctx, now }, input.license_id));
    const row = await tx
      .insertInto("webhook")
      .values({
        tenant_id: ctx.tenantId,
        webhook_id: webhookId,
        ...input,
        secret_sealed: seal(ctx.keyring.data, secret, `webhook.secret:${webhookId}`),
        allowed_address: demo?.allowedAddress ?? null,
        created_at: now,
      })
      .returning(webhookColumns)
      .executeTakeFirstOrThrow();
    const webhook = webhookOf(row);
    await appendAdminEntry(tx, ctx, {
      action: "webhook.create",
      target: { kind: "webhook", id: webhookId },
      after: webhook,
      detail: { license_id: webhook.license_id, event_types: webhook.event_types, mode: webhook.mode },
    });
    return { ...webhook, secret };
  });
}

function checkDemoUrl(text: string, demo: DemoReceiver): void {
  if (!URL.canParse(text) || new URL(text).host !== demo.allowedAddress) {
    throw new AppError("invalid-field", "the URL is not the demo receiver's", { pointer: "/body/url" });
  }
}

async function requireDemoTenant(tx: Tx, tenantId: string): Promise<void> {
  const row = await tx.selectFrom("tenant").select("demo").where("tenant_id", "=", tenantId).executeTakeFirst();
  if (row?.demo !== true) throw new AppError("forbidden", "only a demo tenant may have a local receiver");
}
