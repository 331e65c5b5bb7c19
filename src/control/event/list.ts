import { sql } from "kysely";
import type { Event } from "../../contract/event.ts";
import { tenantTx } from "../../db/tx.ts";
import type { ActionContext } from "../context.ts";
import { dayCursor, parseDayCursor } from "../day-cursor.ts";
import { limitOf, pageOf, type Page, type PageQuery } from "../page.ts";
import { requireWholeTenant } from "../partner-scope.ts";
import { requireScope } from "../require-scope.ts";
import { eventColumns, eventOf } from "./row.ts";

/** Events of the tenant, or of one type, newest first; never their bodies, which may hold personal data. */
export async function listEvents(ctx: ActionContext, query: PageQuery & { type?: string }): Promise<Page<Event>> {
  requireScope(ctx, "events:read");
  requireWholeTenant(ctx);
  const after = query.cursor === undefined ? undefined : parseDayCursor(query.cursor);
  const rows = await tenantTx(ctx.db, ctx.tenantId, (tx) => {
    let select = tx
      .selectFrom("event")
      .select([...eventColumns, "day"])
      .where("tenant_id", "=", ctx.tenantId);
    if (query.type !== undefined) select = select.where("type", "=", query.type);
    if (after !== undefined) {
      // the first condition prunes partitions, the second walks on inside them
      select = select.where("day", "<=", after.day).where(sql<boolean>`(day, event_id) < (${after.day}::date, ${after.id})`);
    }
    return select
      .orderBy("day", "desc")
      .orderBy("event_id", "desc")
      .limit(limitOf(query) + 1)
      .execute();
  });
  return pageOf(rows, query, {
    item: (row: (typeof rows)[number]) => eventOf(row),
    cursor: (row) => dayCursor({ day: row.day, id: row.event_id }),
  });
}
