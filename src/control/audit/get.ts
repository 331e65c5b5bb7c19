import { getEntry } from "../../audit/read.ts";
import type { FoundEntry } from "../../contract/audit-entry.ts";
import type { ActionContext } from "../context.ts";
import { visiblePartners } from "../partner-scope.ts";
import { requireScope } from "../require-scope.ts";
import { entryOf } from "./entry-of.ts";

/** One entry of the tenant's logs; `not-found` for any other id. */
export async function getAuditEntry(ctx: ActionContext, input: { entry_id: string }): Promise<FoundEntry> {
  requireScope(ctx, "audit:read");
  const found = await getEntry(ctx.db, ctx.tenantId, input.entry_id, visiblePartners(ctx));
  return found.log === "admin" ? { log: "admin", entry: entryOf(found.entry) } : { log: "access", entry: entryOf(found.entry) };
}
