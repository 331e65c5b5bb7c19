import type { DeliveryDetail } from "../../contract/delivery.ts";
import { AppError } from "../../contract/errors.ts";
import { tenantTx } from "../../db/tx.ts";
import type { ActionContext } from "../context.ts";
import { requireOwnWebhook } from "../partner-rows.ts";
import { requireScope } from "../require-scope.ts";
import { attemptColumns, attemptOf, deliveryColumns, deliveryOf } from "./row.ts";

/** One delivery of the tenant with its events and attempts, first attempt first; `not-found` for any other id. */
export async function getDelivery(ctx: ActionContext, input: { delivery_id: string }): Promise<DeliveryDetail> {
  requireScope(ctx, "deliveries:read");
  const { delivery, attempts } = await tenantTx(ctx.db, ctx.tenantId, async (tx) => {
    const delivery = await tx
      .selectFrom("delivery")
      .select(deliveryColumns)
      .where("tenant_id", "=", ctx.tenantId)
      .where("delivery_id", "=", input.delivery_id)
      .executeTakeFirst();
    if (delivery !== undefined) await requireOwnWebhook(tx, ctx, delivery.webhook_id);
    const attempts = await tx
      .selectFrom("attempt")
      .select(attemptColumns)
      .where("tenant_id", "=", ctx.tenantId)
      .where("delivery_id", "=", input.delivery_id)
      .orderBy("started_at")
      .orderBy("attempt_id")
      .limit(100)
      .execute();
    return { delivery, attempts };
  });
  if (delivery === undefined) throw new AppError("not-found");
  return { ...deliveryOf(delivery), event_ids: delivery.event_ids, tries: attempts.map(attemptOf) };
}
