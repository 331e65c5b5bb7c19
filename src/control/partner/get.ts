import { AppError } from "../../contract/errors.ts";
import type { Partner } from "../../contract/partner.ts";
import type { Tx } from "../../db/database.ts";
import { tenantTx } from "../../db/tx.ts";
import type { ActionContext } from "../context.ts";
import { requirePartner } from "../partner-scope.ts";
import { requireScope } from "../require-scope.ts";
import { partnerColumns, partnerOf } from "./row.ts";

/** One partner of the tenant; `not-found` for any other id. */
export async function getPartner(ctx: ActionContext, input: { partner_id: string }): Promise<Partner> {
  requireScope(ctx, "partners:read");
  requirePartner(ctx, input.partner_id);
  const row = await tenantTx(ctx.db, ctx.tenantId, (tx) =>
    tx
      .selectFrom("partner")
      .select(partnerColumns)
      .where("tenant_id", "=", ctx.tenantId)
      .where("partner_id", "=", input.partner_id)
      .executeTakeFirst(),
  );
  if (row === undefined) throw new AppError("not-found");
  return partnerOf(row);
}

/** Refuses what would hang on a partner that is not there (`invalid-field`) or not active (`conflict`). */
export async function requireActivePartner(tx: Tx, tenantId: string, partnerId: string): Promise<void> {
  const row = await tx
    .selectFrom("partner")
    .select("state")
    .where("tenant_id", "=", tenantId)
    .where("partner_id", "=", partnerId)
    .executeTakeFirst();
  if (row === undefined) throw new AppError("invalid-field", "there is no such partner", { pointer: "/body/partner_id" });
  if (row.state !== "active") throw new AppError("conflict", "the partner is not active");
}
