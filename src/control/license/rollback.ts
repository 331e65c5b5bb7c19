import { appendAdminEntry } from "../../audit/append.ts";
import { AppError } from "../../contract/errors.ts";
import type { LicenseVersion } from "../../contract/license-version.ts";
import { tenantTx } from "../../db/tx.ts";
import { approvalModeOf } from "../approval-mode/get.ts";
import type { ActionContext } from "../context.ts";
import { requireScope } from "../require-scope.ts";
import { checkDraft } from "./check-draft.ts";
import { grantDetail } from "./create.ts";
import { freeVersion } from "./draft-version.ts";
import { knownOperations, namedOperations } from "./known-operations.ts";
import { lockLicense } from "./lock-license.ts";
import { insertVersion } from "./store-version.ts";
import { draftOf, requireVersion, versionOf, type VersionKey } from "./version-row.ts";

/**
 * Drafts a new version with the content of one that was published before; it goes the way of any other. Refused where
 * that content no longer holds: operations that are gone, for instance.
 */
export async function rollbackLicense(ctx: ActionContext, input: VersionKey & { reason: string }): Promise<LicenseVersion> {
  requireScope(ctx, "licenses:write");
  return tenantTx(ctx.db, ctx.tenantId, async (tx) => {
    const license = await lockLicense(tx, ctx, input.license_id);
    const old = await requireVersion(tx, ctx.tenantId, input);
    if (old.state !== "superseded")
      throw new AppError("conflict", `the version is ${old.state}: only one that was published before is taken up again`);
    const version = await freeVersion(tx, ctx.tenantId, license);
    const draft = await draftOf(tx, ctx, old);
    const known = await knownOperations(tx, ctx.tenantId);
    namedOperations(known, draft.content.operations);
    checkDraft(draft, known);
    const row = await insertVersion(tx, ctx, { license_id: input.license_id, version, draft, restores: old.version });
    await appendAdminEntry(tx, ctx, {
      action: "license.rollback",
      target: { kind: "license", id: input.license_id },
      after: draft.content,
      detail: { version, restores: old.version, reason: input.reason, ...grantDetail(draft) },
    });
    return versionOf(ctx, row, await approvalModeOf(tx, ctx.tenantId));
  });
}
