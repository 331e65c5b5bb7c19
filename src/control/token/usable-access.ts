import { AppError } from "../../contract/errors.ts";
import type { TokenMode } from "../../contract/token-format.ts";
import type { Tx } from "../../db/database.ts";

export type UsableAccess = {
  access_id: string;
  mode: TokenMode;
  kind: "publishable" | "confidential";
  cidrs: string[];
  partnerId: string;
  accessExpiresAt: Date | null;
  licenseEndsAt: Date;
};

/** The access that a token is made for: `not-found`, or `conflict` when it or what it stands on has ended. */
export async function requireUsableAccess(tx: Tx, of: { tenantId: string; now: Date }, accessId: string): Promise<UsableAccess> {
  const row = await tx
    .selectFrom("access")
    .innerJoin("license", (join) =>
      join.onRef("license.tenant_id", "=", "access.tenant_id").onRef("license.license_id", "=", "access.license_id"),
    )
    .innerJoin("partner", (join) =>
      join.onRef("partner.tenant_id", "=", "license.tenant_id").onRef("partner.partner_id", "=", "license.partner_id"),
    )
    .innerJoin("client", (join) =>
      join.onRef("client.tenant_id", "=", "access.tenant_id").onRef("client.client_id", "=", "access.client_id"),
    )
    .select(["access.access_id", "access.mode", "access.kind", "access.cidrs", "access.state", "access.expires_at"])
    .select(["license.partner_id", "license.state as license_state", "license.ends_at"])
    .select(["partner.state as partner_state", "client.state as client_state"])
    .where("access.tenant_id", "=", of.tenantId)
    .where("access.access_id", "=", accessId)
    .executeTakeFirst();
  if (row === undefined) throw new AppError("not-found");
  if (row.state === "revoked" || (row.expires_at !== null && row.expires_at <= of.now))
    throw new AppError("conflict", "the access has ended");
  if (row.license_state === "ended" || row.ends_at <= of.now) throw new AppError("conflict", "the license has ended");
  if (row.partner_state === "revoked") throw new AppError("conflict", "the partner is revoked");
  if (row.client_state === "revoked") throw new AppError("conflict", "the client is revoked");
  const { access_id, mode, kind, cidrs } = row;
  return { access_id, mode, kind, cidrs, partnerId: row.partner_id, accessExpiresAt: row.expires_at, licenseEndsAt: row.ends_at };
}
