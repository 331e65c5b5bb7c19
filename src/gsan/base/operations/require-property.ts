import { AppError } from "../../../contract/errors.ts";
import type { NeededColumns } from "../../connection/probe-columns.ts";
import type { OperationContext } from "../operation.ts";

export const requirePropertyColumns: NeededColumns = { "cadastro.imovel": ["imov_id", "imov_icexclusao"] };

const sql = `SELECT 1 AS present FROM cadastro.imovel WHERE imov_id = $1 AND imov_icexclusao IS DISTINCT FROM 1`;

/** Throws not-found when the property is not there or logically deleted (imov_icexclusao = 1). */
export async function requireProperty(context: OperationContext, imovId: number): Promise<void> {
  const rows = await context.query(sql, [imovId]);
  if (rows.length === 0) throw new AppError("not-found");
}
