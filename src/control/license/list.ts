import type { License } from "../../contract/license.ts";
import { tenantTx } from "../../db/tx.ts";
import type { ActionContext } from "../context.ts";
import { limitOf, pageOf, type Page, type PageQuery } from "../page.ts";
import { requireScope } from "../require-scope.ts";
import { licenseColumns, licensesOf } from "./row.ts";

/** Licenses of the tenant, or of one of its partners, newest first. */
export async function listLicenses(ctx: ActionContext, query: PageQuery & { partner_id?: string }): Promise<Page<License>> {
  requireScope(ctx, "licenses:read");
  const licenses = await tenantTx(ctx.db, ctx.tenantId, async (tx) => {
    const rows = await tx
      .selectFrom("license")
      .select(licenseColumns)
      .where("tenant_id", "=", ctx.tenantId)
      .$if(query.partner_id !== undefined, (select) => select.where("partner_id", "=", query.partner_id ?? ""))
      .$if(query.cursor !== undefined, (select) => select.where("license_id", "<", query.cursor ?? ""))
      .orderBy("license_id", "desc")
      .limit(limitOf(query) + 1)
      .execute();
    return licensesOf(tx, ctx.tenantId, rows);
  });
  return pageOf(licenses, query, { item: (license) => license, cursor: (license) => license.license_id });
}
