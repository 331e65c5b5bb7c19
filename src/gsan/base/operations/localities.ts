import { AppError } from "../../../contract/errors.ts";
import type { NeededColumns } from "../../connection/probe-columns.ts";
import { requiredNumber, requiredText, type Answer, type Operation } from "../operation.ts";
import { trimmed } from "./gsan-values.ts";

const columns: NeededColumns = {
  "cadastro.localidade": ["loca_id", "loca_nmlocalidade", "muni_idprincipal", "loca_icuso"],
  "cadastro.municipio": ["muni_id", "muni_nmmunicipio", "muni_cdibge"],
};

const selectSql = `
  SELECT l.loca_id, l.loca_nmlocalidade AS name, m.muni_nmmunicipio AS municipality, m.muni_cdibge AS ibge_code, l.loca_icuso
  FROM cadastro.localidade l
  LEFT JOIN cadastro.municipio m ON m.muni_id = l.muni_idprincipal`;

type Row = { loca_id: number; name: string; municipality: string | null; ibge_code: string | null; loca_icuso: number | null };

function locality(row: Row): Answer {
  return {
    locality_id: String(row.loca_id),
    name: row.name.trim(),
    municipality: trimmed(row.municipality),
    ibge_code: trimmed(row.ibge_code),
    served: row.loca_icuso === 1,
  };
}

/** GET /v1/localities/{locality_id}: nothing of a person, fit for publishable accesses. */
export const getLocality: Operation = {
  columns,
  async answer(context, input) {
    const [row] = await context.query<Row>(`${selectSql} WHERE l.loca_id = $1`, [requiredText(input.params, "locality_id")]);
    if (row === undefined) throw new AppError("not-found");
    return locality(row);
  },
};

/** GET /v1/localities: by id; the cursor is the last id. */
export const listLocalities: Operation = {
  columns,
  async answer(context, input) {
    const limit = requiredNumber(input.query, "limit");
    const after = input.query["after"] ?? 0;
    const rows = await context.query<Row>(`${selectSql} WHERE l.loca_id > $1 ORDER BY l.loca_id LIMIT $2`, [after, limit + 1]);
    const page = rows.slice(0, limit).map(locality);
    return { items: page, next: rows.length > limit ? page.at(-1)?.["locality_id"] : null };
  },
};
