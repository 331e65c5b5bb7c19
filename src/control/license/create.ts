import { appendAdminEntry } from "../../audit/append.ts";
import { AppError } from "../../contract/errors.ts";
import type { License, NewLicense } from "../../contract/license.ts";
import type { Tx } from "../../db/database.ts";
import { tenantTx } from "../../db/tx.ts";
import { newId } from "../../platform/ids.ts";
import type { ActionContext } from "../context.ts";
import { requireActivePartner } from "../partner/get.ts";
import { requirePartner } from "../partner-scope.ts";
import { lockPolicy } from "../policy-lock.ts";
import { requireScope } from "../require-scope.ts";
import { applyGrants, licenseValues } from "./apply-content.ts";
import { checkDraft } from "./check-draft.ts";
import { checkGrants } from "./check-grants.ts";
import { changedDraft, emptyDraft, type LicenseDraft } from "./draft.ts";
import { filledInput } from "./from-template.ts";
import { knownOperations, namedOperations } from "./known-operations.ts";
import { readLicense } from "./read-license.ts";
import { licensesOf } from "./row.ts";
import { insertVersion } from "./store-version.ts";
import { submitRow } from "./submit.ts";

/**
 * Drafts a license of an active partner as version 1, or drafts and submits it. It is active at once only for the
 * platform's own work and, in a demo tenant, whose data is synthetic, for the operator's key: everywhere else keys
 * submit and people publish. `invalid-field` for what the LGPD rules refuse, operations that are not known, and a term
 * that is over or reversed.
 */
export async function createLicense(ctx: ActionContext, input: NewLicense): Promise<License> {
  requireScope(ctx, "licenses:write");
  requirePartner(ctx, input.partner_id);
  checkGrants(input);
  const now = ctx.clock.now();
  return tenantTx(ctx.db, ctx.tenantId, async (tx) => {
    await lockPolicy(tx);
    await requireActivePartner(tx, ctx.tenantId, input.partner_id);
    const known = await knownOperations(tx, ctx.tenantId);
    const { operations = [], ...filled } = filledInput(input, known);
    const draft = changedDraft(emptyDraft(now), { ...filled, operations: namedOperations(known, operations) }, now);
    checkDraft(draft, known);
    const isActive = await isActiveAtOnce(tx, ctx, input);
    const key = { tenant_id: ctx.tenantId, license_id: newId("lic") };
    const row = { ...key, partner_id: input.partner_id, ...licenseValues(draft), created_at: now };
    await tx
      .insertInto("license")
      .values({ ...row, version: isActive ? 1 : 0, state: isActive ? "active" : "draft" })
      .execute();
    const { license_id } = key;
    const version = await insertVersion(tx, ctx, { license_id, version: 1, draft, state: isActive ? "published" : "draft" });
    if (isActive) await applyGrants(tx, key, draft);
    await appendAdminEntry(tx, ctx, {
      action: isActive ? "license.create" : "license.draft",
      target: { kind: "license", id: license_id },
      after: draft.content,
      detail: { partner_id: input.partner_id, version: 1, template: input.template ?? null, ...grantDetail(draft) },
    });
    if (input.state === "submitted") await submitRow(tx, ctx, { license: await readLicense(tx, ctx, license_id), row: version });
    const [license] = await licensesOf(tx, ctx, [await readLicense(tx, ctx, license_id)]);
    if (license === undefined) throw new AppError("internal");
    return license;
  });
}

/** What the audit says in clear of a version's content: operations, classes, events and how many objects; never which. */
export function grantDetail({ content, matriculas }: LicenseDraft) {
  return {
    operations: content.operations,
    events: content.events,
    scope:
      content.object_scope === null
        ? null
        : {
            municipalities: content.object_scope.municipalities,
            localities: content.object_scope.localities,
            matriculas: matriculas.length,
            contract_ranges: content.object_scope.contract_ranges.length,
          },
  };
}

async function isActiveAtOnce(tx: Tx, ctx: ActionContext, input: NewLicense): Promise<boolean> {
  if (input.state !== undefined) return false;
  if (ctx.actor.kind === "system") return true;
  if (ctx.actor.kind !== "key" || !ctx.scopes.includes("operator")) return false;
  const tenant = await tx.selectFrom("tenant").select("demo").where("tenant_id", "=", ctx.tenantId).executeTakeFirst();
  return tenant?.demo === true;
}
