import { AppError } from "../../contract/errors.ts";
import type { Tx } from "../../db/database.ts";
import type { ActionContext } from "../context.ts";
import { lockPolicy } from "../policy-lock.ts";
import { readLicense } from "./read-license.ts";
import type { LicenseRow } from "./row.ts";

/** First statement of every verb that changes a license: nobody else does until the transaction ends. `not-found`. */
export async function lockLicense(tx: Tx, ctx: Pick<ActionContext, "tenantId" | "partnerIds">, licenseId: string): Promise<LicenseRow> {
  await lockPolicy(tx);
  return readLicense(tx, ctx, licenseId);
}

type Way = "draft" | "submitted" | "approved";

/** A license that was never published is where its version is; one that was keeps its state. */
export async function followVersion(tx: Tx, tenantId: string, license: LicenseRow, state: Way): Promise<void> {
  if (license.version > 0) return;
  await tx.updateTable("license").set({ state }).where("tenant_id", "=", tenantId).where("license_id", "=", license.license_id).execute();
}

/** Refuses (`conflict`) whatever would still move an ended license. */
export function refuseEnded(license: LicenseRow): void {
  if (license.state === "ended") throw new AppError("conflict", "the license has ended, which is final");
}
