import type { Selectable } from "kysely";
import { AppError } from "../../contract/errors.ts";
import type { ApprovalMode } from "../../contract/approval-mode.ts";
import type { LicenseContent } from "../../contract/license-content.ts";
import type { LicenseVersion } from "../../contract/license-version.ts";
import { unpackIntegers } from "../../contract/packed-integers.ts";
import type { Tx } from "../../db/database.ts";
import type { JsonValue, LicenseVersion as VersionTable } from "../../db/types.generated.ts";
import type { ActionContext } from "../context.ts";
import { isoOrNull } from "../instants.ts";
import type { LicenseDraft } from "./draft.ts";
import { openPeople, shownPeople } from "./people.ts";

export const versionColumns = [
  "license_id",
  "version",
  "state",
  "content",
  "responsible_sealed",
  "encarregado_sealed",
  "authors",
  "drafted_by",
  "drafted_at",
  "restores",
  "submitted_by",
  "submitted_at",
  "approved_by",
  "approved_at",
  "approved_effect",
  "single_approver",
  "published_by",
  "published_at",
  "reason",
  "reason_by",
  "reason_at",
] as const;

export type VersionRow = Pick<Selectable<VersionTable>, (typeof versionColumns)[number]>;
export type VersionKey = { license_id: string; version: number };

/** States of a version that is still on its way; a license has at most one such. */
export const openStates = ["draft", "submitted", "refused", "approved"] as const;

/** A version as it is shown to the asker. */
export function versionOf(ctx: Pick<ActionContext, "keyring" | "scopes">, row: VersionRow, mode: ApprovalMode): LicenseVersion {
  const { responsible_sealed: _, encarregado_sealed: __, approved_effect: ___, ...shown } = row;
  return {
    ...shown,
    content: storedContent(row.content),
    ...shownPeople(ctx, row),
    drafted_at: row.drafted_at.toISOString(),
    submitted_at: isoOrNull(row.submitted_at),
    approved_at: isoOrNull(row.approved_at),
    published_at: isoOrNull(row.published_at),
    reason_at: isoOrNull(row.reason_at),
    approval_mode: mode,
  };
}

/** One version of a license; `not-found` for any other. */
export async function requireVersion(tx: Tx, tenantId: string, key: VersionKey): Promise<VersionRow> {
  const row = await tx
    .selectFrom("license_version")
    .select(versionColumns)
    .where("tenant_id", "=", tenantId)
    .where("license_id", "=", key.license_id)
    .where("version", "=", key.version)
    .executeTakeFirst();
  if (row === undefined) throw new AppError("not-found");
  return row;
}

/** All that a version says, with its list of matrículas and its people. */
export async function draftOf(tx: Tx, ctx: Pick<ActionContext, "tenantId" | "keyring">, row: VersionRow): Promise<LicenseDraft> {
  return { content: storedContent(row.content), matriculas: await matriculasOf(tx, ctx.tenantId, row), people: openPeople(ctx, row) };
}

/** The matrículas of a version's scope, ascending. Apart from the row, because it may be 100,000. */
export async function matriculasOf(tx: Tx, tenantId: string, key: VersionKey): Promise<number[]> {
  const row = await tx
    .selectFrom("license_version")
    .select("matriculas")
    .where("tenant_id", "=", tenantId)
    .where("license_id", "=", key.license_id)
    .where("version", "=", key.version)
    .executeTakeFirst();
  return row?.matriculas ? [...unpackIntegers(row.matriculas)] : [];
}

/** Versions are written by store-version alone; those of before there were versions lack the newer members. */
export function storedContent(value: JsonValue): LicenseContent {
  const since = { consent: null, contract_number: null, quota_day: null, quota_month: null, object_scope: null, bindings: null };
  return { ...since, ...(value as object) } as LicenseContent;
}
