import { appendAdminEntry } from "../../audit/append.ts";
import { AppError } from "../../contract/errors.ts";
import type { LicenseVersion } from "../../contract/license-version.ts";
import { tenantTx } from "../../db/tx.ts";
import { approvalModeOf } from "../approval-mode/get.ts";
import type { ActionContext } from "../context.ts";
import { requirePerson } from "../partner-scope.ts";
import { requireScope } from "../require-scope.ts";
import { actorName } from "./authors.ts";
import { followVersion, lockLicense } from "./lock-license.ts";
import { requireVersion, versionColumns, versionOf, type VersionKey } from "./version-row.ts";

/** Refuses a submitted or approved version: it is a draft again, with the reason. A signed-in person alone may. */
export async function refuseLicenseVersion(ctx: ActionContext, input: VersionKey & { reason: string }): Promise<LicenseVersion> {
  requireScope(ctx, "licenses:approve");
  requirePerson(ctx);
  return tenantTx(ctx.db, ctx.tenantId, async (tx) => {
    const license = await lockLicense(tx, ctx, input.license_id);
    const row = await requireVersion(tx, ctx.tenantId, input);
    if (row.state !== "submitted" && row.state !== "approved")
      throw new AppError("conflict", `the version is ${row.state}: only what is submitted or approved is refused`);
    const refused = await tx
      .updateTable("license_version")
      .set({
        state: "refused",
        reason: input.reason,
        reason_by: actorName(ctx),
        reason_at: ctx.clock.now(),
        approved_by: null,
        approved_at: null,
        approved_effect: null,
        single_approver: false,
      })
      .where("tenant_id", "=", ctx.tenantId)
      .where("license_id", "=", input.license_id)
      .where("version", "=", input.version)
      .returning(versionColumns)
      .executeTakeFirstOrThrow();
    await followVersion(tx, ctx.tenantId, license, "draft");
    await appendAdminEntry(tx, ctx, {
      action: "license.refuse",
      target: { kind: "license", id: input.license_id },
      before: { state: row.state },
      after: { state: "refused" },
      detail: { version: input.version, reason: input.reason },
    });
    return versionOf(ctx, refused, await approvalModeOf(tx, ctx.tenantId));
  });
}
