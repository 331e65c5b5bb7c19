import { appendAdminEntry } from "../../audit/append.ts";
import { AppError } from "../../contract/errors.ts";
import type { LicenseVersion } from "../../contract/license-version.ts";
import type { Tx } from "../../db/database.ts";
import { tenantTx } from "../../db/tx.ts";
import { approvalModeOf } from "../approval-mode/get.ts";
import { otherApprovers } from "../approval-mode/other-approvers.ts";
import type { ActionContext } from "../context.ts";
import { requirePerson } from "../partner-scope.ts";
import { requireScope } from "../require-scope.ts";
import { requireRecentSecondFactor, stepUpMs } from "../session/recent-second-factor.ts";
import { effectOf, type Effect } from "./effect.ts";
import { followVersion, lockLicense, refuseEnded } from "./lock-license.ts";
import { requireVersion, versionColumns, versionOf, type VersionKey, type VersionRow } from "./version-row.ts";

/**
 * Approves a submitted version, by the effect that the approver saw. A signed-in person alone may, who gave a second factor
 * within 15 minutes (`second-factor-required`), and where the version opens personal data none of its authors (but in
 * single-approver mode, while nobody else could). Approving anew what is approved confirms an effect that changed since.
 * `conflict` for another effect than the one named. An author who tries is refused (`forbidden`), and the try is in the
 * audit.
 */
export async function approveLicenseVersion(ctx: ActionContext, input: VersionKey & { effect: string }): Promise<LicenseVersion> {
  requireScope(ctx, "licenses:approve");
  const person = requirePerson(ctx);
  requireRecentSecondFactor(ctx, stepUpMs);
  const approved = await tenantTx(ctx.db, ctx.tenantId, async (tx) => {
    const license = await lockLicense(tx, ctx, input.license_id);
    const row = await requireVersion(tx, ctx.tenantId, input);
    refuseEnded(license);
    if (row.state !== "submitted" && row.state !== "approved")
      throw new AppError("conflict", `the version is ${row.state}: only what is submitted is approved`);
    const effect = await effectOf(tx, ctx, { license, row });
    requireSeen(effect, input.effect);
    const right = await rightOf(tx, ctx, { row, effect, person });
    if (right === "none") return noteRefusal(tx, ctx, input, effect);
    const single = right === "single-approver";
    const stored = await tx
      .updateTable("license_version")
      .set({
        state: "approved",
        approved_by: `user:${person}`,
        approved_at: ctx.clock.now(),
        approved_effect: effect.hash,
        single_approver: single,
      })
      .where("tenant_id", "=", ctx.tenantId)
      .where("license_id", "=", input.license_id)
      .where("version", "=", input.version)
      .returning(versionColumns)
      .executeTakeFirstOrThrow();
    await followVersion(tx, ctx.tenantId, license, "approved");
    await appendAdminEntry(tx, ctx, {
      action: "license.approve",
      target: { kind: "license", id: input.license_id },
      before: { state: row.state },
      after: { state: "approved", effect: effect.hash },
      detail: { version: input.version, effect: effect.hash, single_approver: single, ...countsOf(effect) },
    });
    return versionOf(ctx, stored, await approvalModeOf(tx, ctx.tenantId));
  });
  if (approved !== undefined) return approved;
  throw new AppError("forbidden", "the version opens personal data: another person than its authors approves it");
}

async function noteRefusal(tx: Tx, ctx: ActionContext, { license_id, version }: VersionKey, effect: Effect): Promise<undefined> {
  await appendAdminEntry(tx, ctx, {
    action: "license.approve_refused",
    target: { kind: "license", id: license_id },
    detail: { version, effect: effect.hash, reason: "an author of the version" },
  });
}

/** Refuses (`conflict`) an effect that is not what the caller saw. */
export function requireSeen(effect: Effect, seen: string): void {
  if (effect.hash !== seen)
    throw new AppError("conflict", "the effect is another than the one named: look at it again", { pointer: "/body/effect" });
}

/** Numbers of an effect for the audit. */
export function countsOf({ changes }: Effect) {
  return {
    cells_opened: changes.cells_opened,
    cells_closed: changes.cells_closed,
    needs_second_person: changes.needs_second_person,
    only_closes: changes.only_closes,
  };
}

type Right = "full" | "single-approver" | "none";

/** With which right this person approves; an author of what opens personal data has one in single-approver mode alone. */
async function rightOf(tx: Tx, ctx: ActionContext, of: { row: VersionRow; effect: Effect; person: string }): Promise<Right> {
  if (!of.effect.changes.needs_second_person || !of.row.authors.includes(`user:${of.person}`)) return "full";
  const { mode } = await approvalModeOf(tx, ctx.tenantId);
  return mode === "single_approver" && (await otherApprovers(tx, ctx.tenantId, of.person)) === 0 ? "single-approver" : "none";
}
