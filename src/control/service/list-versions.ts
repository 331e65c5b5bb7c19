import { AppError } from "../../contract/errors.ts";
import type { ServiceVersion } from "../../contract/service.ts";
import { tenantTx } from "../../db/tx.ts";
import type { JsonValue } from "../../db/types.generated.ts";
import type { ActionContext } from "../context.ts";
import { limitOf, pageOf, type Page, type PageQuery } from "../page.ts";
import { requireWholeTenant } from "../partner-scope.ts";
import { requireScope } from "../require-scope.ts";
import { serviceDetail } from "./row.ts";

/** The registered documents of a service and what each changed, newest first. `bad-request` for a cursor that is none. */
export async function listServiceVersions(ctx: ActionContext, query: PageQuery & { service_id: string }): Promise<Page<ServiceVersion>> {
  requireScope(ctx, "services:read");
  requireWholeTenant(ctx);
  const before = cursorOf(query.cursor);
  const rows = await tenantTx(ctx.db, ctx.tenantId, async (tx) => {
    await serviceDetail(tx, ctx.tenantId, query.service_id);
    return tx
      .selectFrom("service_version")
      .select(["version", "created_at", "actor_kind", "actor_id", "reason", "diff"])
      .where("tenant_id", "=", ctx.tenantId)
      .where("service_id", "=", query.service_id)
      .$if(before !== undefined, (select) => select.where("version", "<", before ?? 0))
      .orderBy("version", "desc")
      .limit(limitOf(query) + 1)
      .execute();
  });
  return pageOf(rows, query, {
    item: (row) => ({ ...row, created_at: row.created_at.toISOString(), diff: storedDiff(row.diff) }),
    cursor: (row) => String(row.version),
  });
}

function cursorOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^[1-9][0-9]{0,8}$/.test(text)) throw new AppError("bad-request", "The cursor is not one of this list");
  return Number(text);
}

/** Diffs are written by control alone, from diffOperations. */
function storedDiff(value: JsonValue | null): ServiceVersion["diff"] {
  return value as ServiceVersion["diff"];
}
