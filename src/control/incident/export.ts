import { appendAdminEntry } from "../../audit/append.ts";
import type { Incident } from "../../contract/incident.ts";
import { tenantTx } from "../../db/tx.ts";
import type { ActionContext } from "../context.ts";
import { requireWholeTenant } from "../partner-scope.ts";
import { requireScope } from "../require-scope.ts";
import { listIncidents } from "./list.ts";

const pageSize = 200;

/** The whole register, newest first, read page by page. That it was taken is in the admin log before the first row leaves. */
export async function* exportIncidents(ctx: ActionContext): AsyncGenerator<Incident> {
  requireScope(ctx, "incidents:read");
  requireWholeTenant(ctx);
  await tenantTx(ctx.db, ctx.tenantId, (tx) =>
    appendAdminEntry(tx, ctx, { action: "incident.export", target: { kind: "tenant", id: ctx.tenantId } }),
  );
  let cursor: string | null = null;
  do {
    const page: { items: Incident[]; next: string | null } = await listIncidents(ctx, {
      limit: pageSize,
      ...(cursor === null ? {} : { cursor }),
    });
    yield* page.items;
    cursor = page.next;
  } while (cursor !== null);
}
