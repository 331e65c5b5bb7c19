import { appendAdminEntry } from "../../audit/append.ts";
import { AppError } from "../../contract/errors.ts";
import type { LicenseVersion } from "../../contract/license-version.ts";
import { tenantTx } from "../../db/tx.ts";
import { approvalModeOf } from "../approval-mode/get.ts";
import type { ActionContext } from "../context.ts";
import { requireScope } from "../require-scope.ts";
import { actorName } from "./authors.ts";
import { followVersion, lockLicense } from "./lock-license.ts";
import { openStates, requireVersion, versionColumns, versionOf, type VersionKey } from "./version-row.ts";

/** Gives up a version that is not published; the next may then be drafted. `conflict` for any other. */
export async function withdrawLicenseVersion(ctx: ActionContext, input: VersionKey & { reason: string }): Promise<LicenseVersion> {
  requireScope(ctx, "licenses:write");
  return tenantTx(ctx.db, ctx.tenantId, async (tx) => {
    const license = await lockLicense(tx, ctx, input.license_id);
    const row = await requireVersion(tx, ctx.tenantId, input);
    if (!openStates.some((state) => state === row.state)) throw new AppError("conflict", `the version is ${row.state} already`);
    const withdrawn = await tx
      .updateTable("license_version")
      .set({ state: "withdrawn", reason: input.reason, reason_by: actorName(ctx), reason_at: ctx.clock.now() })
      .where("tenant_id", "=", ctx.tenantId)
      .where("license_id", "=", input.license_id)
      .where("version", "=", input.version)
      .returning(versionColumns)
      .executeTakeFirstOrThrow();
    await followVersion(tx, ctx.tenantId, license, "draft");
    await appendAdminEntry(tx, ctx, {
      action: "license.withdraw",
      target: { kind: "license", id: input.license_id },
      before: { state: row.state },
      after: { state: "withdrawn" },
      detail: { version: input.version, reason: input.reason },
    });
    return versionOf(ctx, withdrawn, await approvalModeOf(tx, ctx.tenantId));
  });
}
