import { appendAdminEntry } from "../../audit/append.ts";
import { AppError } from "../../contract/errors.ts";
import type { LicenseChange } from "../../contract/license-content.ts";
import type { LicenseVersion } from "../../contract/license-version.ts";
import { tenantTx } from "../../db/tx.ts";
import { approvalModeOf } from "../approval-mode/get.ts";
import type { ActionContext } from "../context.ts";
import { requireScope } from "../require-scope.ts";
import { requireMatch } from "../row-version.ts";
import { licenseValues } from "./apply-content.ts";
import { authorsOf } from "./authors.ts";
import { checkGrants } from "./check-grants.ts";
import { grantDetail } from "./create.ts";
import { withChange } from "./draft-version.ts";
import { followVersion, lockLicense, refuseEnded } from "./lock-license.ts";
import { draftColumns } from "./store-version.ts";
import { draftOf, requireVersion, versionColumns, versionOf, type VersionKey } from "./version-row.ts";

/**
 * Changes a draft or a refused version; whoever changes it is one of its authors. `conflict` once it is submitted,
 * `precondition-failed` when it is another by now than the caller saw.
 */
export async function changeLicenseVersion(ctx: ActionContext, input: LicenseChange & VersionKey): Promise<LicenseVersion> {
  requireScope(ctx, "licenses:write");
  const { license_id, version, ...change } = input;
  const key = { license_id, version };
  checkGrants(change);
  return tenantTx(ctx.db, ctx.tenantId, async (tx) => {
    const license = await lockLicense(tx, ctx, license_id);
    const row = await requireVersion(tx, ctx.tenantId, key);
    const mode = await approvalModeOf(tx, ctx.tenantId);
    requireMatch(ctx, "GET /v1/licenses/{license_id}/versions/{version}", versionOf(ctx, row, mode));
    refuseEnded(license);
    if (row.state !== "draft" && row.state !== "refused")
      throw new AppError("conflict", `the version is ${row.state} and no longer changes: draft the next one`);
    const before = await draftOf(tx, ctx, row);
    const draft = await withChange(tx, ctx, { draft: before, change });
    const changed = await tx
      .updateTable("license_version")
      .set({ state: "draft", ...draftColumns(ctx, key, draft), authors: [...new Set([...row.authors, ...(await authorsOf(tx, ctx))])] })
      .where("tenant_id", "=", ctx.tenantId)
      .where("license_id", "=", license_id)
      .where("version", "=", version)
      .returning(versionColumns)
      .executeTakeFirstOrThrow();
    if (license.version === 0) {
      await tx
        .updateTable("license")
        .set(licenseValues(draft))
        .where("tenant_id", "=", ctx.tenantId)
        .where("license_id", "=", license_id)
        .execute();
      await followVersion(tx, ctx.tenantId, license, "draft");
    }
    await appendAdminEntry(tx, ctx, {
      action: "license.change",
      target: { kind: "license", id: license_id },
      before: before.content,
      after: draft.content,
      detail: { version, ...grantDetail(draft) },
    });
    return versionOf(ctx, changed, mode);
  });
}
