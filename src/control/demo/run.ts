import { appendAdminEntry } from "../../audit/append.ts";
import type { AdminAction } from "../../contract/audit-actions.ts";
import type { DemoBase, DemoPay, DemoReverse } from "../../contract/demo.ts";
import type { DemoBaseProgress, DemoCloseResult, DemoPayResult, DemoPort, DemoReverseResult } from "../../contract/demo-port.ts";
import { tenantTx } from "../../db/tx.ts";
import type { Json } from "../../audit/canonical-json.ts";
import type { ActionContext } from "../context.ts";
import { requireScope } from "../require-scope.ts";

/** Inserts payments into the demo base. */
export async function demoPay(ctx: ActionContext, demo: DemoPort, input: DemoPay): Promise<DemoPayResult> {
  requireScope(ctx, "demo:run");
  await tellAudit(ctx, "demo.pay", input);
  return demo.pay({ ...input, count: input.count ?? 1, as_file: input.as_file ?? false });
}

/** Closes the month of the demo base. */
export async function demoCloseMonth(ctx: ActionContext, demo: DemoPort): Promise<DemoCloseResult> {
  requireScope(ctx, "demo:run");
  await tellAudit(ctx, "demo.close_month", {});
  return demo.closeMonth();
}

/** Takes back payments of the demo base. */
export async function demoReverse(ctx: ActionContext, demo: DemoPort, input: DemoReverse): Promise<DemoReverseResult> {
  requireScope(ctx, "demo:run");
  await tellAudit(ctx, "demo.reverse", input);
  return demo.reverse({ count: input.count ?? 1 });
}

/** Makes the demo base anew and tells how far it is. */
export async function* demoBase(ctx: ActionContext, demo: DemoPort, input: DemoBase): AsyncGenerator<DemoBaseProgress> {
  requireScope(ctx, "demo:run");
  await tellAudit(ctx, "demo.base", input);
  yield* demo.base(input);
}

/** The demo base is another database, so the entry cannot share the change's transaction: it is written before it. */
async function tellAudit(ctx: ActionContext, action: AdminAction, detail: Json): Promise<void> {
  await tenantTx(ctx.db, ctx.tenantId, (tx) => appendAdminEntry(tx, ctx, { action, target: { kind: "demo", id: ctx.tenantId }, detail }));
}
