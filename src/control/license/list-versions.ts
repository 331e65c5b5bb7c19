import type { LicenseVersion } from "../../contract/license-version.ts";
import { AppError } from "../../contract/errors.ts";
import { tenantTx } from "../../db/tx.ts";
import { approvalModeOf } from "../approval-mode/get.ts";
import type { ActionContext } from "../context.ts";
import { limitOf, pageOf, type Page, type PageQuery } from "../page.ts";
import { requireScope } from "../require-scope.ts";
import { readLicense } from "./read-license.ts";
import { versionColumns, versionOf } from "./version-row.ts";

/** Versions of a license, newest first; `not-found` for a license that is not there. */
export async function listLicenseVersions(ctx: ActionContext, query: PageQuery & { license_id: string }): Promise<Page<LicenseVersion>> {
  requireScope(ctx, "licenses:read");
  const before = query.cursor === undefined ? undefined : placeOf(query.cursor);
  return tenantTx(ctx.db, ctx.tenantId, async (tx) => {
    await readLicense(tx, ctx, query.license_id);
    const rows = await tx
      .selectFrom("license_version")
      .select(versionColumns)
      .where("tenant_id", "=", ctx.tenantId)
      .where("license_id", "=", query.license_id)
      .$if(before !== undefined, (select) => select.where("version", "<", before ?? 0))
      .orderBy("version", "desc")
      .limit(limitOf(query) + 1)
      .execute();
    const mode = await approvalModeOf(tx, ctx.tenantId);
    return pageOf(rows, query, { item: (row) => versionOf(ctx, row, mode), cursor: (row) => String(row.version) });
  });
}

function placeOf(cursor: string): number {
  if (/^[1-9][0-9]{0,8}$/.test(cursor)) return Number(cursor);
  throw new AppError("invalid-field", "this is not a cursor of this list", { pointer: "/query/cursor" });
}
