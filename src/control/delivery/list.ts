import { sql } from "kysely";
import type { Delivery } from "../../contract/delivery.ts";
import { tenantTx } from "../../db/tx.ts";
import type { ActionContext } from "../context.ts";
import { dayCursor, parseDayCursor } from "../day-cursor.ts";
import { limitOf, pageOf, type Page, type PageQuery } from "../page.ts";
import { webhooksOfPartners } from "../partner-rows.ts";
import { visiblePartners } from "../partner-scope.ts";
import { requireScope } from "../require-scope.ts";
import { deliveryColumns, deliveryOf } from "./row.ts";

export type DeliveryQuery = PageQuery & { webhook_id?: string; state?: Delivery["state"] };

/** Deliveries of the tenant, or of one webhook or state, newest first. */
export async function listDeliveries(ctx: ActionContext, query: DeliveryQuery): Promise<Page<Delivery>> {
  requireScope(ctx, "deliveries:read");
  const visible = visiblePartners(ctx);
  const after = query.cursor === undefined ? undefined : parseDayCursor(query.cursor);
  const rows = await tenantTx(ctx.db, ctx.tenantId, (tx) => {
    let select = tx
      .selectFrom("delivery")
      .select([...deliveryColumns, "day"])
      .where("tenant_id", "=", ctx.tenantId);
    if (visible !== undefined) select = select.where("webhook_id", "in", webhooksOfPartners(tx, ctx.tenantId, visible));
    if (query.webhook_id !== undefined) select = select.where("webhook_id", "=", query.webhook_id);
    if (query.state !== undefined) select = select.where("state", "=", query.state);
    if (after !== undefined) {
      // the first condition prunes partitions, the second walks on inside them
      select = select.where("day", "<=", after.day).where(sql<boolean>`(day, delivery_id) < (${after.day}::date, ${after.id})`);
    }
    return select
      .orderBy("day", "desc")
      .orderBy("delivery_id", "desc")
      .limit(limitOf(query) + 1)
      .execute();
  });
  return pageOf(rows, query, {
    item: (row: (typeof rows)[number]) => deliveryOf(row),
    cursor: (row) => dayCursor({ day: row.day, id: row.delivery_id }),
  });
}
