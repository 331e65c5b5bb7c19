import { listAccessEntries } from "../../audit/read.ts";
import type { AccessEntry } from "../../contract/audit-entry.ts";
import type { ActionContext } from "../context.ts";
import type { Page, PageQuery } from "../page.ts";
import { visiblePartners } from "../partner-scope.ts";
import { requireScope } from "../require-scope.ts";
import { entryOf } from "./entry-of.ts";

export type AccessLogQuery = PageQuery & { license_id?: string; access_id?: string; request_id?: string };

/** The tenant's log of gateway calls, newest first. `bad-request` for a cursor that is none. */
export async function listAccessLog(ctx: ActionContext, query: AccessLogQuery): Promise<Page<AccessEntry>> {
  requireScope(ctx, "audit:read");
  const partnerIds = visiblePartners(ctx);
  const { license_id, access_id, request_id, ...rest } = query;
  const page = await listAccessEntries(ctx.db, ctx.tenantId, {
    ...rest,
    ...(partnerIds === undefined ? {} : { partnerIds }),
    ...(license_id === undefined ? {} : { licenseId: license_id }),
    ...(access_id === undefined ? {} : { accessId: access_id }),
    ...(request_id === undefined ? {} : { requestId: request_id }),
  });
  return { items: page.items.map(entryOf), next: page.next };
}
