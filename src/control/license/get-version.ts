import type { LicenseVersion } from "../../contract/license-version.ts";
import { tenantTx } from "../../db/tx.ts";
import { approvalModeOf } from "../approval-mode/get.ts";
import type { ActionContext } from "../context.ts";
import { requireScope } from "../require-scope.ts";
import { readLicense } from "./read-license.ts";
import { matriculasOf, requireVersion, versionOf, type VersionKey } from "./version-row.ts";

/** One version of a license; `not-found` for any other. */
export async function getLicenseVersion(ctx: ActionContext, input: VersionKey): Promise<LicenseVersion> {
  requireScope(ctx, "licenses:read");
  return tenantTx(ctx.db, ctx.tenantId, async (tx) => {
    await readLicense(tx, ctx, input.license_id);
    return versionOf(ctx, await requireVersion(tx, ctx.tenantId, input), await approvalModeOf(tx, ctx.tenantId));
  });
}

/** The matrículas of a version's object scope, ascending; empty where it lists none. */
export async function getVersionMatriculas(ctx: ActionContext, input: VersionKey): Promise<{ matriculas: number[] }> {
  requireScope(ctx, "licenses:read");
  return tenantTx(ctx.db, ctx.tenantId, async (tx) => {
    await readLicense(tx, ctx, input.license_id);
    await requireVersion(tx, ctx.tenantId, input);
    return { matriculas: await matriculasOf(tx, ctx.tenantId, input) };
  });
}
