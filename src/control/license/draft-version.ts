import { appendAdminEntry } from "../../audit/append.ts";
import { AppError } from "../../contract/errors.ts";
import type { LicenseChange } from "../../contract/license-content.ts";
import type { LicenseVersion } from "../../contract/license-version.ts";
import type { Tx } from "../../db/database.ts";
import { tenantTx } from "../../db/tx.ts";
import { approvalModeOf } from "../approval-mode/get.ts";
import type { ActionContext } from "../context.ts";
import { requireScope } from "../require-scope.ts";
import { checkDraft } from "./check-draft.ts";
import { checkGrants } from "./check-grants.ts";
import { grantDetail } from "./create.ts";
import { changedDraft, type LicenseDraft } from "./draft.ts";
import { knownOperations, namedOperations } from "./known-operations.ts";
import { followVersion, lockLicense, refuseEnded } from "./lock-license.ts";
import type { LicenseRow } from "./row.ts";
import { insertVersion, nextVersion } from "./store-version.ts";
import { draftOf, openStates, requireVersion, versionColumns, versionOf } from "./version-row.ts";

/**
 * Drafts the next version of a license: the published content (the newest, where none is published) with the changes.
 * `conflict` while another version is on its way, and for a license that has ended.
 */
export async function draftLicenseVersion(ctx: ActionContext, input: LicenseChange & { license_id: string }): Promise<LicenseVersion> {
  requireScope(ctx, "licenses:write");
  const { license_id, ...change } = input;
  checkGrants(change);
  return tenantTx(ctx.db, ctx.tenantId, async (tx) => {
    const license = await lockLicense(tx, ctx, license_id);
    const version = await freeVersion(tx, ctx.tenantId, license);
    const draft = await withChange(tx, ctx, { draft: await baseDraft(tx, ctx, license), change });
    const row = await insertVersion(tx, ctx, { license_id, version, draft });
    await followVersion(tx, ctx.tenantId, license, "draft");
    await appendAdminEntry(tx, ctx, {
      action: "license.draft",
      target: { kind: "license", id: license_id },
      after: draft.content,
      detail: { version, ...grantDetail(draft) },
    });
    return versionOf(ctx, row, await approvalModeOf(tx, ctx.tenantId));
  });
}

/** The draft with the changes, checked. */
export async function withChange(tx: Tx, ctx: ActionContext, of: { draft: LicenseDraft; change: LicenseChange }): Promise<LicenseDraft> {
  const known = await knownOperations(tx, ctx.tenantId);
  const { operations, ...plain } = of.change;
  const change = operations === undefined ? plain : { ...plain, operations: namedOperations(known, operations) };
  const draft = changedDraft(of.draft, change, ctx.clock.now());
  checkDraft(draft, known);
  return draft;
}

/** The number of the next version. `conflict` while another is on its way: changes of one license do not cross. */
export async function freeVersion(tx: Tx, tenantId: string, license: LicenseRow): Promise<number> {
  refuseEnded(license);
  const open = await tx
    .selectFrom("license_version")
    .select(["version", "state"])
    .where("tenant_id", "=", tenantId)
    .where("license_id", "=", license.license_id)
    .where("state", "in", openStates)
    .executeTakeFirst();
  if (open !== undefined) throw new AppError("conflict", `version ${open.version} is ${open.state}: publish or withdraw it first`);
  return nextVersion(tx, tenantId, license.license_id);
}

async function baseDraft(tx: Tx, ctx: ActionContext, license: LicenseRow): Promise<LicenseDraft> {
  const { license_id } = license;
  if (license.version > 0) return draftOf(tx, ctx, await requireVersion(tx, ctx.tenantId, { license_id, version: license.version }));
  const newest = await tx
    .selectFrom("license_version")
    .select(versionColumns)
    .where("tenant_id", "=", ctx.tenantId)
    .where("license_id", "=", license_id)
    .orderBy("version", "desc")
    .executeTakeFirstOrThrow();
  return draftOf(tx, ctx, newest);
}
