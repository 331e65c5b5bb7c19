import { appendAdminEntry } from "../../audit/append.ts";
import { AppError } from "../../contract/errors.ts";
import type { LicenseVersion } from "../../contract/license-version.ts";
import type { Tx } from "../../db/database.ts";
import { tenantTx } from "../../db/tx.ts";
import { approvalModeOf } from "../approval-mode/get.ts";
import type { ActionContext } from "../context.ts";
import { requireScope } from "../require-scope.ts";
import { actorName, authorsOf } from "./authors.ts";
import { checkComplete } from "./check-draft.ts";
import { knownOperations } from "./known-operations.ts";
import { followVersion, lockLicense, refuseEnded } from "./lock-license.ts";
import type { LicenseRow } from "./row.ts";
import { draftOf, requireVersion, versionColumns, versionOf, type VersionKey, type VersionRow } from "./version-row.ts";

/** Submits a draft for approval; API keys may. `conflict` when it is none, or names no responsible person. */
export async function submitLicenseVersion(ctx: ActionContext, input: VersionKey): Promise<LicenseVersion> {
  requireScope(ctx, "licenses:write");
  return tenantTx(ctx.db, ctx.tenantId, async (tx) => {
    const license = await lockLicense(tx, ctx, input.license_id);
    const row = await submitRow(tx, ctx, { license, row: await requireVersion(tx, ctx.tenantId, input) });
    return versionOf(ctx, row, await approvalModeOf(tx, ctx.tenantId));
  });
}

/** Submits within the caller's transaction. The submitter is one of the authors from here on. */
export async function submitRow(tx: Tx, ctx: ActionContext, of: { license: LicenseRow; row: VersionRow }): Promise<VersionRow> {
  requireScope(ctx, "licenses:write");
  const { license, row } = of;
  refuseEnded(license);
  if (row.state !== "draft" && row.state !== "refused")
    throw new AppError("conflict", `the version is ${row.state}: only a draft is submitted`);
  checkComplete(await draftOf(tx, ctx, row), await knownOperations(tx, ctx.tenantId));
  const submitted = await tx
    .updateTable("license_version")
    .set({
      state: "submitted",
      submitted_by: actorName(ctx),
      submitted_at: ctx.clock.now(),
      authors: [...new Set([...row.authors, ...(await authorsOf(tx, ctx))])],
    })
    .where("tenant_id", "=", ctx.tenantId)
    .where("license_id", "=", row.license_id)
    .where("version", "=", row.version)
    .returning(versionColumns)
    .executeTakeFirstOrThrow();
  await followVersion(tx, ctx.tenantId, license, "submitted");
  await appendAdminEntry(tx, ctx, {
    action: "license.submit",
    target: { kind: "license", id: license.license_id },
    before: { state: row.state },
    after: { state: "submitted" },
    detail: { version: row.version },
  });
  return submitted;
}
