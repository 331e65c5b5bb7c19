import { AppError } from "../../../contract/errors.ts";
import type { NeededColumns } from "../../connection/probe-columns.ts";
import type { OperationContext } from "../operation.ts";

export const requirePropertyColumns: NeededColumns = {
  "cadastro.imovel": ["imov_id", "imov_icexclusao", "loca_id", "lgbr_id"],
  "cadastro.localidade": ["loca_id", "muni_idprincipal"],
  "cadastro.logradouro_bairro": ["lgbr_id", "bair_id"],
  "cadastro.bairro": ["bair_id", "muni_id"],
};

/** Joins that lead from `i` (imovel) to where it lies; the municipality is that of its bairro, else of its locality. */
export const placeJoins = `
  LEFT JOIN cadastro.localidade pl ON pl.loca_id = i.loca_id
  LEFT JOIN cadastro.logradouro_bairro plb ON plb.lgbr_id = i.lgbr_id
  LEFT JOIN cadastro.bairro pb ON pb.bair_id = plb.bair_id`;
export const placeSql = `i.loca_id AS locality_id, coalesce(pb.muni_id, pl.muni_idprincipal) AS municipality_id`;

const sql = `SELECT ${placeSql} FROM cadastro.imovel i ${placeJoins}
  WHERE i.imov_id = $1 AND i.imov_icexclusao IS DISTINCT FROM 1`;

/** Where a property lies, by GSAN's ids: licenses may be bound to it. */
export type PropertyPlace = { locality_id: number; municipality_id: number | null };

/** The property's place. Throws not-found when it is not there or logically deleted (imov_icexclusao = 1). */
export async function requireProperty(context: OperationContext, imovId: number): Promise<PropertyPlace> {
  const [row] = await context.query<PropertyPlace>(sql, [imovId]);
  if (row === undefined) throw new AppError("not-found");
  return { locality_id: row.locality_id, municipality_id: row.municipality_id };
}
