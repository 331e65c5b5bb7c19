import { createHash } from "node:crypto";
import { canonicalJson, type Json } from "../../audit/canonical-json.ts";
import type { Changes, LicenseEffect } from "../../contract/license-effect.ts";
import type { Tx } from "../../db/database.ts";
import { tenantTx } from "../../db/tx.ts";
import type { ActionContext } from "../context.ts";
import { requireScope } from "../require-scope.ts";
import { changesOf } from "./changes.ts";
import type { LicenseDraft } from "./draft.ts";
import { knownOperations, type KnownOperations } from "./known-operations.ts";
import { readLicense } from "./read-license.ts";
import type { LicenseRow } from "./row.ts";
import { trafficOf } from "./traffic.ts";
import { type UnfitAccess, unfitAccesses } from "./unfit-accesses.ts";
import { draftOf, requireVersion, type VersionKey, type VersionRow } from "./version-row.ts";

export type Effect = {
  changes: Changes;
  /** Hash of the changes: whoever approves or publishes names it, so that what is done is what was seen. */
  hash: string;
  draft: LicenseDraft;
  known: KnownOperations;
  unfit: UnfitAccess[];
};

/** What a version would open and close if it were published now, and what last week's calls would have got. */
export async function getLicenseEffect(ctx: ActionContext, input: VersionKey): Promise<LicenseEffect> {
  requireScope(ctx, "licenses:read");
  return tenantTx(ctx.db, ctx.tenantId, async (tx) => {
    const license = await readLicense(tx, ctx, input.license_id);
    const row = await requireVersion(tx, ctx.tenantId, input);
    const { changes, hash, draft, unfit } = await effectOf(tx, ctx, { license, row });
    const traffic = await trafficOf(tx, ctx, { licenseId: input.license_id, changes, content: draft.content });
    return {
      license_id: input.license_id,
      version: row.version,
      effect: hash,
      ...changes,
      unfit_accesses: unfit.map((access) => access.access_id),
      traffic,
    };
  });
}

/** The effect of a version against what is published now. */
export async function effectOf(
  tx: Tx,
  ctx: Pick<ActionContext, "tenantId" | "keyring">,
  of: { license: LicenseRow; row: VersionRow },
): Promise<Effect> {
  const { license, row } = of;
  const known = await knownOperations(tx, ctx.tenantId);
  const draft = await draftOf(tx, ctx, row);
  const key = { license_id: license.license_id, version: license.version };
  const published = license.version === 0 ? undefined : await draftOf(tx, ctx, await requireVersion(tx, ctx.tenantId, key));
  const against = license.version === 0 ? null : license.version;
  const changes = { against, ...changesOf(published, draft, known) };
  const unfit = await unfitAccesses(tx, { tenantId: ctx.tenantId, licenseId: license.license_id }, draft.content);
  return { changes, hash: hashOf({ license_id: license.license_id, version: row.version, ...changes }), draft, known, unfit };
}

function hashOf(value: Json): string {
  return createHash("sha256").update(canonicalJson(value)).digest("base64url").slice(0, 32);
}
