import { appendAdminEntry } from "../../audit/append.ts";
import { AppError } from "../../contract/errors.ts";
import type { LicenseVersion } from "../../contract/license-version.ts";
import type { Tx } from "../../db/database.ts";
import { tenantTx } from "../../db/tx.ts";
import { approvalModeOf } from "../approval-mode/get.ts";
import type { ActionContext } from "../context.ts";
import { requirePerson } from "../partner-scope.ts";
import { policyEpoch } from "../policy-lock.ts";
import { requireScope } from "../require-scope.ts";
import { applyGrants, licenseValues } from "./apply-content.ts";
import { countsOf, requireSeen } from "./approve.ts";
import { grantDetail } from "./create.ts";
import { effectOf, type Effect } from "./effect.ts";
import { lockLicense, refuseEnded } from "./lock-license.ts";
import type { LicenseRow } from "./row.ts";
import { requireVersion, versionColumns, versionOf, type VersionKey, type VersionRow } from "./version-row.ts";

/**
 * Publishes a version, by the effect that was seen: approved ones, whose effect must still be what was approved, and
 * submitted ones that open nothing. A signed-in person alone may. `conflict` for anything else, and while an access of
 * the license lacks what the version demands. A license that is suspended stays so.
 */
export async function publishLicenseVersion(
  ctx: ActionContext,
  input: VersionKey & { effect: string },
): Promise<{ version: LicenseVersion; epoch: bigint }> {
  requireScope(ctx, "licenses:write");
  const person = requirePerson(ctx);
  return tenantTx(ctx.db, ctx.tenantId, async (tx) => {
    const license = await lockLicense(tx, ctx, input.license_id);
    const row = await requireVersion(tx, ctx.tenantId, input);
    refuseEnded(license);
    const effect = await effectOf(tx, ctx, { license, row });
    requireSeen(effect, input.effect);
    requirePublishable(row, effect);
    const published = await replacePublished(tx, ctx, { license, row, person, effect });
    await appendAdminEntry(tx, ctx, {
      action: "license.publish",
      target: { kind: "license", id: input.license_id },
      before: { version: license.version },
      after: effect.draft.content,
      detail: {
        version: row.version,
        against: effect.changes.against,
        effect: effect.hash,
        ...countsOf(effect),
        ...grantDetail(effect.draft),
      },
    });
    const version = versionOf(ctx, published, await approvalModeOf(tx, ctx.tenantId));
    return { version, epoch: await policyEpoch(tx) };
  });
}

function requirePublishable(row: VersionRow, effect: Effect): void {
  const closesOnly = row.state === "submitted" && effect.changes.only_closes;
  if (row.state !== "approved" && !closesOnly)
    throw new AppError("conflict", `the version is ${row.state}: it has to be approved first, because it opens something`);
  if (row.state === "approved" && row.approved_effect !== effect.hash)
    throw new AppError("conflict", "the effect is another than the one approved: it has to be approved again", { pointer: "/body/effect" });
  if (effect.unfit.length > 0) {
    const told = effect.unfit.slice(0, 5).map(({ access_id, detail }) => `${access_id} (${detail})`);
    throw new AppError("conflict", `these accesses lack what the version demands, change or revoke them first: ${told.join(", ")}`);
  }
}

type Publication = { license: LicenseRow; row: VersionRow; person: string; effect: Effect };

async function replacePublished(tx: Tx, ctx: ActionContext, { license, row, person, effect }: Publication): Promise<VersionRow> {
  const { license_id } = license;
  const key = { tenant_id: ctx.tenantId, license_id };
  await tx
    .updateTable("license_version")
    .set({ state: "superseded" })
    .where("tenant_id", "=", ctx.tenantId)
    .where("license_id", "=", license_id)
    .where("state", "=", "published")
    .execute();
  await tx
    .updateTable("license")
    .set({ ...licenseValues(effect.draft), version: row.version, state: license.state === "suspended" ? "suspended" : "active" })
    .where("tenant_id", "=", ctx.tenantId)
    .where("license_id", "=", license_id)
    .execute();
  await applyGrants(tx, key, effect.draft);
  return tx
    .updateTable("license_version")
    .set({ state: "published", published_by: `user:${person}`, published_at: ctx.clock.now() })
    .where("tenant_id", "=", ctx.tenantId)
    .where("license_id", "=", license_id)
    .where("version", "=", row.version)
    .returning(versionColumns)
    .executeTakeFirstOrThrow();
}
