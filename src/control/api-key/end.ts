import { sql } from "kysely";
import { appendAdminEntry } from "../../audit/append.ts";
import type { ApiKey } from "../../contract/api-key.ts";
import { AppError } from "../../contract/errors.ts";
import { tenantTx } from "../../db/tx.ts";
import type { ActionContext } from "../context.ts";
import { visiblePartners } from "../partner-scope.ts";
import { requireScope } from "../require-scope.ts";
import { apiKeyColumns, apiKeyOf } from "./row.ts";

/**
 * Ends an admin API key for good, with the next request. `conflict` for one that has ended, `not-found` for any other id. A
 * key ends itself and the ones it made (`forbidden`); a person, and a key that holds everything, ends any.
 */
export async function endApiKey(ctx: ActionContext, input: { key_id: string; reason: string }): Promise<ApiKey> {
  requireScope(ctx, "keys:write");
  const visible = visiblePartners(ctx);
  return tenantTx(ctx.db, ctx.tenantId, async (tx) => {
    let select = tx
      .selectFrom("api_key")
      .select(["state", "created_by"])
      .where("tenant_id", "=", ctx.tenantId)
      .where("key_id", "=", input.key_id);
    if (visible !== undefined) select = select.where(sql<boolean>`partner_ids <@ ${[...visible]}::text[]`);
    const known = await select.forUpdate().executeTakeFirst();
    if (known === undefined) throw new AppError("not-found");
    requireMayEnd(ctx, { keyId: input.key_id, maker: known.created_by });
    if (known.state === "ended") throw new AppError("conflict", "this key has ended already");
    const row = await tx
      .updateTable("api_key")
      .set({ state: "ended", ended_at: ctx.clock.now(), ended_reason: input.reason })
      .where("tenant_id", "=", ctx.tenantId)
      .where("key_id", "=", input.key_id)
      .returning(apiKeyColumns)
      .executeTakeFirstOrThrow();
    await appendAdminEntry(tx, ctx, {
      action: "key.end",
      target: { kind: "api_key", id: input.key_id },
      detail: { reason: input.reason },
    });
    return apiKeyOf(row);
  });
}

function requireMayEnd(ctx: ActionContext, key: { keyId: string; maker: string | null }): void {
  if (ctx.actor.kind !== "key" || ctx.scopes.includes("operator")) return;
  if (key.keyId !== ctx.actor.id && key.maker !== ctx.actor.id)
    throw new AppError("forbidden", "an API key ends itself and the keys that it made, no other");
}
