import { setTimeout as pause } from "node:timers/promises";
import type { ActionContext } from "../../control/context.ts";
import { getWebhook } from "../../control/webhook/get.ts";
import { requestWebhookCheck } from "../../control/webhook/request-check.ts";

const deadlineMs = 30_000;

/**
 * Has the dispatcher verify the demo's webhook by the ordinary signed challenge, unless it is verified already.
 * Throws when that did not succeed within 30 s.
 */
export async function verifyDemoWebhook(ctx: ActionContext, webhookId: string): Promise<void> {
  if ((await getWebhook(ctx, { webhook_id: webhookId })).state === "verified") return;
  await requestWebhookCheck(ctx, { webhook_id: webhookId });
  const end = ctx.clock.monotonicMs() + deadlineMs;
  for (;;) {
    const { state, last_check } = await getWebhook(ctx, { webhook_id: webhookId });
    if (state === "verified") return;
    if (last_check?.state === "failed" || ctx.clock.monotonicMs() > end)
      throw new Error(`the demo webhook could not be verified (${last_check?.error_code ?? "no result"})`);
    await pause(50);
  }
}
