import { AppError } from "../../contract/errors.ts";
import type { License } from "../../contract/license.ts";
import type { Tx } from "../../db/database.ts";
import { tenantTx } from "../../db/tx.ts";
import type { ActionContext } from "../context.ts";
import { requireScope } from "../require-scope.ts";
import { readLicense } from "./read-license.ts";
import { licenseColumns, licensesOf } from "./row.ts";

/** One license of the tenant with its operations and events; `not-found` for any other id. */
export async function getLicense(ctx: ActionContext, input: { license_id: string }): Promise<License> {
  requireScope(ctx, "licenses:read");
  const [license] = await tenantTx(ctx.db, ctx.tenantId, async (tx) => licensesOf(tx, ctx, [await readLicense(tx, ctx, input.license_id)]));
  if (license === undefined) throw new AppError("not-found");
  return license;
}

type Reader = Pick<ActionContext, "tenantId" | "keyring" | "scopes" | "partnerIds"> & { now: Date };

/** The license that a new access or webhook hangs on: `invalid-field` when it is not there, `conflict` when it is not active. */
export async function requireActiveLicense(tx: Tx, of: Reader, licenseId: string): Promise<License> {
  const rows = await tx
    .selectFrom("license")
    .select(licenseColumns)
    .where("tenant_id", "=", of.tenantId)
    .where("license_id", "=", licenseId)
    .execute();
  const [license] = await licensesOf(tx, of, rows);
  const isVisible = license !== undefined && (of.partnerIds === undefined || of.partnerIds.includes(license.partner_id));
  if (!isVisible) throw new AppError("invalid-field", "there is no such license", { pointer: "/body/license_id" });
  if (license.state !== "active" || new Date(license.ends_at) <= of.now) throw new AppError("conflict", "the license is not active");
  return license;
}
