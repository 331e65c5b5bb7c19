import { appendAdminEntry } from "../../audit/append.ts";
import { AppError } from "../../contract/errors.ts";
import type { License } from "../../contract/license.ts";
import type { Tx } from "../../db/database.ts";
import { tenantTx } from "../../db/tx.ts";
import { approvalModeOf } from "../approval-mode/get.ts";
import { otherApprovers } from "../approval-mode/other-approvers.ts";
import type { ActionContext } from "../context.ts";
import { requirePerson } from "../partner-scope.ts";
import { policyEpoch } from "../policy-lock.ts";
import { requireScope } from "../require-scope.ts";
import { recordRevocation } from "../revocation/record.ts";
import { endTokens } from "../token/end-tokens.ts";
import { actorName, actorOfName, authorsOf } from "./authors.ts";
import { showsPersonal } from "./changes.ts";
import { knownOperations } from "./known-operations.ts";
import { lockLicense, refuseEnded } from "./lock-license.ts";
import { readLicense } from "./read-license.ts";
import { licensesOf, type LicenseRow } from "./row.ts";
import { openStates, requireVersion, storedContent } from "./version-row.ts";

type Input = { license_id: string; reason: string };
export type Held = { license: License; epoch: bigint; revocation_id?: string };

/** Suspends an active license until it is resumed. `conflict` for one that is not active. */
export async function suspendLicense(ctx: ActionContext, input: Input): Promise<Held> {
  requireScope(ctx, "licenses:write");
  return tenantTx(ctx.db, ctx.tenantId, async (tx) => {
    const license = await lockLicense(tx, ctx, input.license_id);
    if (license.state !== "active") throw new AppError("conflict", `the license is ${license.state}: only an active one is suspended`);
    await writeState(tx, ctx, { license, state: "suspended", reason: input.reason });
    const target = { kind: "license", id: license.license_id };
    await appendAdminEntry(tx, ctx, {
      action: "license.suspend",
      target,
      before: { state: license.state },
      after: { state: "suspended" },
      detail: { reason: input.reason },
    });
    const proof = await recordRevocation(tx, ctx, { what: "license.suspend", target, partnerId: license.partner_id });
    return { license: await shown(tx, ctx, license), ...proof };
  });
}

/**
 * Resumes a suspended license. A signed-in person alone may, and where it shows personal data not the one who suspended
 * it, be it through an API key of their own (but in single-approver mode, while nobody else could).
 */
export async function resumeLicense(ctx: ActionContext, input: Input): Promise<Held> {
  requireScope(ctx, "licenses:approve");
  const person = requirePerson(ctx);
  return tenantTx(ctx.db, ctx.tenantId, async (tx) => {
    const license = await lockLicense(tx, ctx, input.license_id);
    if (license.state !== "suspended") throw new AppError("conflict", `the license is ${license.state}: only a suspended one is resumed`);
    const single = (await suspendedBy(tx, ctx, license, person)) && (await showsPersonalNow(tx, ctx, license));
    if (single) await requireSingleApprover(tx, ctx, person);
    await writeState(tx, ctx, { license, state: "active", reason: input.reason });
    await appendAdminEntry(tx, ctx, {
      action: "license.resume",
      target: { kind: "license", id: license.license_id },
      before: { state: license.state },
      after: { state: "active" },
      detail: { reason: input.reason, single_approver: single },
    });
    return { license: await shown(tx, ctx, license), epoch: await policyEpoch(tx) };
  });
}

/** Ends a license for good: with it the tokens of its accesses, and the version on its way. Drafts can be ended too. */
export async function endLicense(ctx: ActionContext, input: Input): Promise<Held> {
  requireScope(ctx, "licenses:write");
  return tenantTx(ctx.db, ctx.tenantId, async (tx) => {
    const license = await lockLicense(tx, ctx, input.license_id);
    refuseEnded(license);
    await writeState(tx, ctx, { license, state: "ended", reason: input.reason });
    await withdrawOpen(tx, ctx, license);
    const end = { tenantId: ctx.tenantId, now: ctx.clock.now(), reason: "license ended" };
    const ended_tokens = await endTokens(tx, end, { below: "license", id: license.license_id });
    const target = { kind: "license", id: license.license_id };
    await appendAdminEntry(tx, ctx, {
      action: "license.end",
      target,
      before: { state: license.state },
      after: { state: "ended" },
      detail: { reason: input.reason, ended_tokens },
    });
    const proof = await recordRevocation(tx, ctx, { what: "license.end", target, partnerId: license.partner_id });
    return { license: await shown(tx, ctx, license), ...proof };
  });
}

type StateChange = { license: LicenseRow; state: "active" | "suspended" | "ended"; reason: string };

async function writeState(tx: Tx, ctx: ActionContext, to: StateChange): Promise<void> {
  await tx
    .updateTable("license")
    .set({ state: to.state, state_reason: to.reason, state_at: ctx.clock.now(), state_by: actorName(ctx) })
    .where("tenant_id", "=", ctx.tenantId)
    .where("license_id", "=", to.license.license_id)
    .execute();
}

async function withdrawOpen(tx: Tx, ctx: ActionContext, license: LicenseRow): Promise<void> {
  await tx
    .updateTable("license_version")
    .set({ state: "withdrawn", reason: "license ended", reason_by: actorName(ctx), reason_at: ctx.clock.now() })
    .where("tenant_id", "=", ctx.tenantId)
    .where("license_id", "=", license.license_id)
    .where("state", "in", openStates)
    .execute();
}

/** Whether the person suspended it, or made the key that did. */
async function suspendedBy(tx: Tx, ctx: ActionContext, license: LicenseRow, person: string): Promise<boolean> {
  if (license.state_by === null) return false;
  const authors = await authorsOf(tx, { tenantId: ctx.tenantId, actor: actorOfName(license.state_by) });
  return authors.includes(`user:${person}`);
}

async function showsPersonalNow(tx: Tx, ctx: ActionContext, license: LicenseRow): Promise<boolean> {
  const row = await requireVersion(tx, ctx.tenantId, { license_id: license.license_id, version: license.version });
  return showsPersonal(storedContent(row.content), await knownOperations(tx, ctx.tenantId));
}

async function requireSingleApprover(tx: Tx, ctx: ActionContext, person: string): Promise<void> {
  const { mode } = await approvalModeOf(tx, ctx.tenantId);
  if (mode === "single_approver" && (await otherApprovers(tx, ctx.tenantId, person)) === 0) return;
  throw new AppError("forbidden", "personal data would open again: another person than the one who suspended it resumes it");
}

async function shown(tx: Tx, ctx: ActionContext, license: LicenseRow): Promise<License> {
  const [found] = await licensesOf(tx, ctx, [await readLicense(tx, ctx, license.license_id)]);
  if (found === undefined) throw new AppError("internal");
  return found;
}
