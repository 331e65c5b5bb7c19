import type { Client } from "../../contract/client-application.ts";
import { AppError } from "../../contract/errors.ts";
import { tenantTx } from "../../db/tx.ts";
import type { ActionContext } from "../context.ts";
import { requirePartner } from "../partner-scope.ts";
import { requireScope } from "../require-scope.ts";
import { clientColumns, clientOf } from "./row.ts";

/** One client of the tenant; `not-found` for any other id. */
export async function getClientApplication(ctx: ActionContext, input: { client_id: string }): Promise<Client> {
  requireScope(ctx, "clients:read");
  const row = await tenantTx(ctx.db, ctx.tenantId, (tx) =>
    tx
      .selectFrom("client")
      .select(clientColumns)
      .where("tenant_id", "=", ctx.tenantId)
      .where("client_id", "=", input.client_id)
      .executeTakeFirst(),
  );
  if (row === undefined) throw new AppError("not-found");
  requirePartner(ctx, row.partner_id);
  return clientOf(row);
}
