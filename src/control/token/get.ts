import type { TokenDetail } from "../../contract/token.ts";
import { tenantTx } from "../../db/tx.ts";
import type { ActionContext } from "../context.ts";
import { requireScope } from "../require-scope.ts";
import { findToken } from "./find-token.ts";
import { tokenOf } from "./row.ts";
import { usesOf } from "./uses.ts";

/** One token and its use by operation: who still calls with it. `not-found` for any other id. */
export async function getToken(ctx: ActionContext, input: { token_id: string }): Promise<TokenDetail> {
  requireScope(ctx, "tokens:read");
  return tenantTx(ctx.db, ctx.tenantId, async (tx) => {
    const { token } = await findToken(tx, ctx, input.token_id);
    const uses = await usesOf(tx, ctx, input.token_id);
    const [last] = uses;
    const lastUse =
      last === undefined ? null : { at: last.at, operation_id: last.operation_id, status: last.status, address: last.address };
    return { ...tokenOf(token, lastUse), uses };
  });
}
