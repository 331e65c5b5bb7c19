import type { Operation } from "../../contract/service.ts";
import { schemaFields } from "../../contract/unpack-schema.ts";
import { tenantTx } from "../../db/tx.ts";
import type { ActionContext } from "../context.ts";
import { limitOf, pageOf, type Page, type PageQuery } from "../page.ts";
import { requireScope } from "../require-scope.ts";

/** Known operations of the tenant, or of one service, by id, with the x-lgpd classes of their answers. */
export async function listOperations(ctx: ActionContext, query: PageQuery & { service_id?: string }): Promise<Page<Operation>> {
  requireScope(ctx, "services:read");
  const rows = await tenantTx(ctx.db, ctx.tenantId, (tx) =>
    tx
      .selectFrom("operation")
      .select(["operation_id", "service_id", "method", "path", "summary", "publishable", "response_schema"])
      .where("tenant_id", "=", ctx.tenantId)
      .$if(query.service_id !== undefined, (select) => select.where("service_id", "=", query.service_id ?? ""))
      .$if(query.cursor !== undefined, (select) => select.where("operation_id", ">", query.cursor ?? ""))
      .orderBy("operation_id")
      .limit(limitOf(query) + 1)
      .execute(),
  );
  return pageOf(rows, query, {
    item: ({ response_schema, ...row }) => ({ ...row, classes: classesOf(response_schema) }),
    cursor: (row) => row.operation_id,
  });
}

function classesOf(schema: unknown): string[] {
  const classes = schemaFields(schema).map((field) => field.schema["x-lgpd"]);
  return [...new Set(classes.filter((name) => typeof name === "string"))].sort();
}
