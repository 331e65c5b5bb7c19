import { sql } from "kysely";
import type { Changes, TrafficEffect } from "../../contract/license-effect.ts";
import type { LicenseContent } from "../../contract/license-content.ts";
import type { Tx } from "../../db/database.ts";
import type { ActionContext } from "../context.ts";
import { isRaised } from "./changes.ts";

const lookBackMs = 7 * 24 * 3_600_000;

type Outcome = TrafficEffect["operations"][number]["outcome"];
type Row = { operation_id: string; calls: bigint; answered: bigint };

/** Counts the audited calls of the license in the last seven days and says what each would have got after the changes. */
export async function trafficOf(
  tx: Tx,
  ctx: Pick<ActionContext, "tenantId" | "clock">,
  of: { licenseId: string; changes: Changes; content: LicenseContent },
): Promise<TrafficEffect> {
  const to = ctx.clock.now();
  const from = new Date(to.getTime() - lookBackMs);
  const { rows } = await sql<Row>`
    SELECT operation_id, count(*) AS calls, count(*) FILTER (WHERE status BETWEEN 200 AND 299) AS answered
      FROM aqueduto.access_entry
     WHERE tenant_id = ${ctx.tenantId} AND license_id = ${of.licenseId} AND at >= ${from} AND at <= ${to}
       AND phase = 'answer' AND operation_id IS NOT NULL
     GROUP BY operation_id ORDER BY operation_id`.execute(tx);
  const inTerm = of.content.starts_at <= to.toISOString() && to.toISOString() < of.content.ends_at;
  const granted = new Set(of.content.operations.map((operation) => operation.operation_id));
  const operations = rows.map((row) => ({
    operation_id: row.operation_id,
    calls: Number(row.calls),
    answered: Number(row.answered),
    outcome: inTerm && granted.has(row.operation_id) ? outcomeOf(row.operation_id, of.changes) : "refused",
  }));
  const answered = (outcomes: readonly Outcome[]): number =>
    operations.filter((one) => outcomes.includes(one.outcome)).reduce((sum, one) => sum + one.answered, 0);
  return {
    from: from.toISOString(),
    to: to.toISOString(),
    operations,
    refused: answered(["refused"]),
    narrower: answered(["narrower", "mixed"]),
  };
}

function outcomeOf(operationId: string, changes: Changes): Outcome {
  if (changes.operations.some((operation) => operation.operation_id === operationId && operation.to)) return "opened";
  const cells = changes.cells.filter((cell) => cell.operation_id === operationId);
  const wider = cells.some((cell) => isRaised(cell.from, cell.to));
  const narrower = cells.some((cell) => !isRaised(cell.from, cell.to));
  if (wider && narrower) return "mixed";
  if (wider) return "wider";
  return narrower ? "narrower" : "same";
}
