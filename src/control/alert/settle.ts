import { appendAdminEntry } from "../../audit/append.ts";
import type { Alert } from "../../contract/alert.ts";
import type { Tx } from "../../db/database.ts";
import { tenantTx } from "../../db/tx.ts";
import { newId } from "../../platform/ids.ts";
import type { ActionContext } from "../context.ts";
import { requireScope } from "../require-scope.ts";
import { type Finding, ownRules } from "./find.ts";
import { alertColumns, alertOf } from "./row.ts";

/** Raises what was found and is not open, resolves what is open and was not found. Returns what changed, as it is now. */
export async function settleAlerts(ctx: ActionContext, findings: readonly Finding[], nodeId: string): Promise<Alert[]> {
  requireScope(ctx, "alerts:write");
  return tenantTx(ctx.db, ctx.tenantId, async (tx) => {
    const open = await tx
      .selectFrom("alert")
      .select(alertColumns)
      .where("tenant_id", "=", ctx.tenantId)
      .where("state", "!=", "resolved")
      .execute();
    const key = (one: { rule: string; subject: string }): string => `${one.rule} ${one.subject}`;
    const found = new Set(findings.map(key));
    const known = new Set(open.map(key));
    // what only another process can see is its to resolve
    const over = open.filter((one) => !found.has(key(one)) && (!isOwn(one.rule) || one.subject === nodeId));
    const raised = await raise(
      tx,
      ctx,
      findings.filter((one) => !known.has(key(one))),
    );
    const resolved = await resolve(
      tx,
      ctx,
      over.map(({ alert_id }) => alert_id),
    );
    const changed = [...raised, ...resolved];
    for (const { alert_id, rule, subject, state, detail } of changed)
      await appendAdminEntry(tx, ctx, {
        action: state === "raised" ? "alert.raise" : "alert.resolve",
        target: { kind: "alert", id: alert_id },
        detail: { rule, subject, ...detail },
      });
    return changed;
  });
}

function isOwn(rule: string): boolean {
  return ownRules.some((one) => one === rule);
}

/** Another process may have raised it a moment before. */
async function raise(tx: Tx, ctx: ActionContext, findings: readonly Finding[]): Promise<Alert[]> {
  if (findings.length === 0) return [];
  const at = ctx.clock.now();
  const rows = await tx
    .insertInto("alert")
    .values(
      findings.map(({ rule, subject, detail }) => ({
        tenant_id: ctx.tenantId,
        alert_id: newId("alt", at.getTime()),
        rule,
        subject,
        detail: JSON.stringify(detail),
        state: "raised" as const,
        raised_at: at,
      })),
    )
    .onConflict((conflict) => conflict.doNothing())
    .returning(alertColumns)
    .execute();
  return rows.map(alertOf);
}

async function resolve(tx: Tx, ctx: ActionContext, ids: readonly string[]): Promise<Alert[]> {
  if (ids.length === 0) return [];
  const rows = await tx
    .updateTable("alert")
    .set({ state: "resolved", resolved_at: ctx.clock.now() })
    .where("tenant_id", "=", ctx.tenantId)
    .where("alert_id", "in", ids)
    .where("state", "!=", "resolved")
    .returning(alertColumns)
    .execute();
  return rows.map(alertOf);
}
