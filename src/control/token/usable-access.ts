import { AppError } from "../../contract/errors.ts";
import type { TokenMode } from "../../contract/token-format.ts";
import type { Tx } from "../../db/database.ts";

export type UsableAccess = { access_id: string; mode: TokenMode; accessExpiresAt: Date | null; licenseEndsAt: Date };

/** The access that a token is made for: `not-found`, or `conflict` when it or its license has ended. */
export async function requireUsableAccess(tx: Tx, of: { tenantId: string; now: Date }, accessId: string): Promise<UsableAccess> {
  const row = await tx
    .selectFrom("access")
    .innerJoin("license", (join) =>
      join.onRef("license.tenant_id", "=", "access.tenant_id").onRef("license.license_id", "=", "access.license_id"),
    )
    .select(["access.access_id", "access.mode", "access.state", "access.expires_at", "license.state as license_state", "license.ends_at"])
    .where("access.tenant_id", "=", of.tenantId)
    .where("access.access_id", "=", accessId)
    .executeTakeFirst();
  if (row === undefined) throw new AppError("not-found");
  if (row.state === "revoked" || (row.expires_at !== null && row.expires_at <= of.now))
    throw new AppError("conflict", "the access has ended");
  if (row.license_state === "ended" || row.ends_at <= of.now) throw new AppError("conflict", "the license has ended");
  return { access_id: row.access_id, mode: row.mode, accessExpiresAt: row.expires_at, licenseEndsAt: row.ends_at };
}
