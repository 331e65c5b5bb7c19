import { sql } from "kysely";
import type { Operation } from "../../contract/service.ts";
import type { Tx } from "../../db/database.ts";
import { tenantTx } from "../../db/tx.ts";
import type { ActionContext } from "../context.ts";
import { limitOf, pageOf, type Page, type PageQuery } from "../page.ts";
import { licensesOfPartners } from "../partner-rows.ts";
import { visiblePartners } from "../partner-scope.ts";
import { requireScope } from "../require-scope.ts";
import { operationColumns, operationOf } from "./row.ts";

/** Known operations of the tenant, or of one service, by id, with the x-lgpd classes of their answers. */
export async function listOperations(
  ctx: ActionContext,
  query: PageQuery & { service_id?: string; tag?: string },
): Promise<Page<Operation>> {
  requireScope(ctx, "operations:read");
  const visible = visiblePartners(ctx);
  const rows = await tenantTx(ctx.db, ctx.tenantId, (tx) =>
    tx
      .selectFrom("operation")
      .select(operationColumns)
      .where("tenant_id", "=", ctx.tenantId)
      .$if(query.service_id !== undefined, (select) => select.where("service_id", "=", query.service_id ?? ""))
      .$if(query.tag !== undefined, (select) => select.where(sql<boolean>`${query.tag ?? ""} = ANY (tags)`))
      .$if(visible !== undefined, (select) => select.where("operation_id", "in", licensedOperations(tx, ctx.tenantId, visible ?? [])))
      .$if(query.cursor !== undefined, (select) => select.where("operation_id", ">", query.cursor ?? ""))
      .orderBy("operation_id")
      .limit(limitOf(query) + 1)
      .execute(),
  );
  return pageOf(rows, query, {
    item: operationOf,
    cursor: (row) => row.operation_id,
  });
}

/** A partner's own user is shown what a license of theirs names. */
function licensedOperations(tx: Tx, tenantId: string, partnerIds: readonly string[]) {
  return tx
    .selectFrom("license_operation")
    .select("operation_id")
    .where("tenant_id", "=", tenantId)
    .where("license_id", "in", licensesOfPartners(tx, tenantId, partnerIds));
}
