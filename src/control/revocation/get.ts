import { AppError } from "../../contract/errors.ts";
import type { Revocation } from "../../contract/revocation.ts";
import { tenantTx } from "../../db/tx.ts";
import type { ActionContext } from "../context.ts";
import { visiblePartners } from "../partner-scope.ts";
import { requireScope } from "../require-scope.ts";
import { servingNodes } from "./judge-nodes.ts";
import { lookAgain } from "./look-again.ts";
import { revocationColumns, revocationOf } from "./row.ts";

/** A revocation, its nodes looked at anew while it is not in force; `not-found` for any other id. */
export async function getRevocation(ctx: ActionContext, input: { revocation_id: string }): Promise<Revocation> {
  requireScope(ctx, "tokens:read");
  const visible = visiblePartners(ctx);
  const find = () =>
    tenantTx(ctx.db, ctx.tenantId, (tx) =>
      tx
        .selectFrom("revocation")
        .select([...revocationColumns, "partner_id"])
        .where("tenant_id", "=", ctx.tenantId)
        .where("revocation_id", "=", input.revocation_id)
        .executeTakeFirst(),
    );
  const row = await find();
  if (row === undefined || (visible !== undefined && !visible.includes(row.partner_id ?? ""))) throw new AppError("not-found");
  if (row.state === "in_force") return revocationOf(row);
  const seen = await lookAgain(ctx, { tenantId: ctx.tenantId, row }, await servingNodes(ctx.db));
  // another turn settled it meanwhile
  return revocationOf(seen === row ? ((await find()) ?? row) : seen);
}
