import type { License } from "../../contract/license.ts";
import { tenantTx } from "../../db/tx.ts";
import type { ActionContext } from "../context.ts";
import { limitOf, orderOf, pageOf, type Page, type SortedPageQuery } from "../page.ts";
import { visiblePartners } from "../partner-scope.ts";
import { requireScope } from "../require-scope.ts";
import { licenseColumns, licensesOf } from "./row.ts";

/** Licenses of the tenant, or of one of its partners or states, newest first. */
export async function listLicenses(
  ctx: ActionContext,
  query: SortedPageQuery & { partner_id?: string; state?: License["state"] },
): Promise<Page<License>> {
  requireScope(ctx, "licenses:read");
  const visible = visiblePartners(ctx);
  const licenses = await tenantTx(ctx.db, ctx.tenantId, async (tx) => {
    const rows = await tx
      .selectFrom("license")
      .select(licenseColumns)
      .where("tenant_id", "=", ctx.tenantId)
      .$if(query.partner_id !== undefined, (select) => select.where("partner_id", "=", query.partner_id ?? ""))
      .$if(query.state !== undefined, (select) => select.where("state", "=", query.state ?? "draft"))
      .$if(visible !== undefined, (select) => select.where("partner_id", "in", visible ?? []))
      .$if(query.cursor !== undefined, (select) => select.where("license_id", orderOf(query).after, query.cursor ?? ""))
      .orderBy("license_id", orderOf(query).direction)
      .limit(limitOf(query) + 1)
      .execute();
    return licensesOf(tx, ctx, rows);
  });
  return pageOf(licenses, query, { item: (license) => license, cursor: (license) => license.license_id });
}
