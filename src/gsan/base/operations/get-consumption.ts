import { daysBetween } from "../../connection/local-date.ts";
import { requiredNumber, requiredText, type Answer, type Operation } from "../operation.ts";
import { monthOf, monthsBack } from "./gsan-values.ts";
import { requireProperty, requirePropertyColumns } from "./require-property.ts";

// the months are named one by one because GSAN's unique indexes begin with the month or need it to be exact
const sql = `
  SELECT m.am AS month, r.mdhi_dtleitantfatmt AS previous_on, r.mdhi_dtleituraatualfaturamento AS read_on,
         r.mdhi_nnleitantfatmt AS previous_reading, r.mdhi_nnleituraatualfaturamento AS reading, r.mdhi_nnconsumomedidomes AS measured_m3,
         w.cshi_nnconsumofaturadomes AS billed_m3, w.cshi_nnconsumomedio AS average_m3, s.cshi_nnconsumofaturadomes AS sewage_m3
  FROM unnest($2::int[]) AS m (am)
  LEFT JOIN micromedicao.medicao_historico r ON r.lagu_id = $1 AND r.medt_id = 1 AND r.mdhi_amleitura = m.am
  LEFT JOIN micromedicao.consumo_historico w ON w.imov_id = $1 AND w.lgti_id = 1 AND w.cshi_amfaturamento = m.am
  LEFT JOIN micromedicao.consumo_historico s ON s.imov_id = $1 AND s.lgti_id = 2 AND s.cshi_amfaturamento = m.am
  WHERE coalesce(r.mdhi_id, w.cshi_id, s.cshi_id) IS NOT NULL
  ORDER BY m.am DESC`;

type Row = {
  month: number;
  previous_on: string | null;
  read_on: string | null;
  previous_reading: number | null;
  reading: number | null;
  measured_m3: number | null;
  billed_m3: number | null;
  average_m3: number | null;
  sewage_m3: number | null;
};

/** GET /v1/properties/{ref}/consumption: water readings (lagu_id = imov_id) and billed water and sewage by month. */
export const getConsumption: Operation = {
  columns: {
    ...requirePropertyColumns,
    "micromedicao.medicao_historico": [
      "mdhi_id",
      "lagu_id",
      "medt_id",
      "mdhi_amleitura",
      "mdhi_dtleitantfatmt",
      "mdhi_nnleitantfatmt",
      "mdhi_dtleituraatualfaturamento",
      "mdhi_nnleituraatualfaturamento",
      "mdhi_nnconsumomedidomes",
    ],
    "micromedicao.consumo_historico": [
      "cshi_id",
      "imov_id",
      "lgti_id",
      "cshi_amfaturamento",
      "cshi_nnconsumofaturadomes",
      "cshi_nnconsumomedio",
    ],
  },

  async answer(context, input) {
    const ref = requiredText(input.params, "ref");
    const place = await requireProperty(context, Number(ref));
    const months = monthsBack(context.today, requiredNumber(input.query, "months"));
    const rows = await context.query<Row>(sql, [Number(ref), months]);
    return { matricula: ref, ...place, items: rows.map(item) };
  },
};

function item(row: Row): Answer {
  const { month, previous_on: previousOn, ...rest } = row;
  const days = previousOn === null || row.read_on === null ? null : daysBetween(previousOn, row.read_on);
  return { month: monthOf(month), days, ...rest };
}
