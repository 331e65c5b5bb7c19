import { packIntegers } from "../../contract/packed-integers.ts";
import type { Tx } from "../../db/database.ts";
import type { ActionContext } from "../context.ts";
import { actorName, authorsOf } from "./authors.ts";
import type { LicenseDraft } from "./draft.ts";
import { sealPeople } from "./people.ts";
import { versionColumns, type VersionKey, type VersionRow } from "./version-row.ts";

/** The columns that hold what a version says. */
export function draftColumns(ctx: Pick<ActionContext, "keyring">, key: VersionKey, draft: LicenseDraft) {
  return {
    content: JSON.stringify(draft.content),
    matriculas: draft.matriculas.length === 0 ? null : Buffer.from(packIntegers(draft.matriculas)),
    matricula_count: draft.matriculas.length,
    ...sealPeople(ctx, key, draft.people),
  };
}

type NewVersion = VersionKey & { draft: LicenseDraft; restores?: number; state?: "draft" | "published" };

/** Adds a version, drafted (or, for the platform's own work, published) by the actor. */
export async function insertVersion(tx: Tx, ctx: ActionContext, input: NewVersion): Promise<VersionRow> {
  const now = ctx.clock.now();
  const who = actorName(ctx);
  const { license_id, version, draft, restores, state = "draft" } = input;
  return tx
    .insertInto("license_version")
    .values({
      tenant_id: ctx.tenantId,
      license_id,
      version,
      state,
      ...draftColumns(ctx, { license_id, version }, draft),
      authors: await authorsOf(tx, ctx),
      drafted_by: who,
      drafted_at: now,
      restores: restores ?? null,
      ...(state === "published" ? { published_by: who, published_at: now } : {}),
    })
    .returning(versionColumns)
    .executeTakeFirstOrThrow();
}

/** The number of a license's next version. */
export async function nextVersion(tx: Tx, tenantId: string, licenseId: string): Promise<number> {
  const row = await tx
    .selectFrom("license_version")
    .select((select) => select.fn.max("version").as("last"))
    .where("tenant_id", "=", tenantId)
    .where("license_id", "=", licenseId)
    .executeTakeFirst();
  return (row?.last ?? 0) + 1;
}
