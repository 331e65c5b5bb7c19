import { AppError } from "../../contract/errors.ts";
import type { Tx } from "../../db/database.ts";
import type { ActionContext } from "../context.ts";
import { requirePartner } from "../partner-scope.ts";
import { licenseColumns, type LicenseRow } from "./row.ts";

/** The license's own row, for readers; `not-found` also where the asker may not see its partner. */
export async function readLicense(tx: Tx, ctx: Pick<ActionContext, "tenantId" | "partnerIds">, licenseId: string): Promise<LicenseRow> {
  const row = await tx
    .selectFrom("license")
    .select(licenseColumns)
    .where("tenant_id", "=", ctx.tenantId)
    .where("license_id", "=", licenseId)
    .executeTakeFirst();
  if (row === undefined) throw new AppError("not-found");
  requirePartner(ctx, row.partner_id);
  return row;
}
