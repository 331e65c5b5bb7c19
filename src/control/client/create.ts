import { appendAdminEntry } from "../../audit/append.ts";
import type { Client, NewClient } from "../../contract/client-application.ts";
import { tenantTx } from "../../db/tx.ts";
import { newId } from "../../platform/ids.ts";
import type { ActionContext } from "../context.ts";
import { requireActivePartner } from "../partner/get.ts";
import { lockPolicy } from "../policy-lock.ts";
import { requirePartner } from "../partner-scope.ts";
import { requireScope } from "../require-scope.ts";
import { clientColumns, clientOf } from "./row.ts";

/** Creates an active client of an active partner. */
export async function createClientApplication(ctx: ActionContext, input: NewClient): Promise<Client> {
  requireScope(ctx, "clients:write");
  requirePartner(ctx, input.partner_id);
  return tenantTx(ctx.db, ctx.tenantId, async (tx) => {
    await lockPolicy(tx);
    await requireActivePartner(tx, ctx.tenantId, input.partner_id);
    const row = await tx
      .insertInto("client")
      .values({ tenant_id: ctx.tenantId, client_id: newId("cli"), ...input, created_at: ctx.clock.now() })
      .returning(clientColumns)
      .executeTakeFirstOrThrow();
    const client = clientOf(row);
    await appendAdminEntry(tx, ctx, { action: "client.create", target: { kind: "client", id: client.client_id }, after: client });
    return client;
  });
}
