import { listAdminEntries } from "../../audit/read.ts";
import type { AdminEntry } from "../../contract/audit-entry.ts";
import type { ActionContext } from "../context.ts";
import type { Page, PageQuery } from "../page.ts";
import { visiblePartners } from "../partner-scope.ts";
import { requireScope } from "../require-scope.ts";
import { entryOf } from "./entry-of.ts";

export type AdminLogQuery = PageQuery & { action?: string; target_kind?: string; target_id?: string };

/** The tenant's log of changes, newest first. `bad-request` for a cursor that is none. */
export async function listAdminLog(ctx: ActionContext, query: AdminLogQuery): Promise<Page<AdminEntry>> {
  requireScope(ctx, "audit:read");
  const partnerIds = visiblePartners(ctx);
  const { target_kind, target_id, ...rest } = query;
  const page = await listAdminEntries(ctx.db, ctx.tenantId, {
    ...rest,
    ...(partnerIds === undefined ? {} : { partnerIds }),
    ...(target_kind === undefined ? {} : { targetKind: target_kind }),
    ...(target_id === undefined ? {} : { targetId: target_id }),
  });
  return { items: page.items.map(entryOf), next: page.next };
}
