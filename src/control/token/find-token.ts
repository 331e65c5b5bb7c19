import { AppError } from "../../contract/errors.ts";
import type { Tx } from "../../db/database.ts";
import type { ActionContext } from "../context.ts";
import { requirePartner } from "../partner-scope.ts";
import { tokenColumns } from "./row.ts";

/** One token with the partner it belongs to; `not-found` for any other id, and for one that this actor may not see. */
export async function findToken(tx: Tx, ctx: Pick<ActionContext, "tenantId" | "partnerIds">, tokenId: string) {
  const row = await tx
    .selectFrom("token")
    .innerJoin("access", (join) => join.onRef("access.tenant_id", "=", "token.tenant_id").onRef("access.access_id", "=", "token.access_id"))
    .innerJoin("license", (join) =>
      join.onRef("license.tenant_id", "=", "access.tenant_id").onRef("license.license_id", "=", "access.license_id"),
    )
    .select(tokenColumns)
    .select(["license.partner_id"])
    .where("token.tenant_id", "=", ctx.tenantId)
    .where("token.token_id", "=", tokenId)
    .executeTakeFirst();
  if (row === undefined) throw new AppError("not-found");
  requirePartner(ctx, row.partner_id);
  const { partner_id, ...token } = row;
  return { token, partnerId: partner_id };
}
