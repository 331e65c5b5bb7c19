import { createHash, timingSafeEqual } from "node:crypto";
import { parseDocument } from "../document.ts";
import { requiredText, type Operation } from "../operation.ts";

const sql = `
  SELECT cl.clie_nncpf, cl.clie_nncnpj
  FROM cadastro.cliente_imovel ci
  JOIN cadastro.imovel i ON i.imov_id = ci.imov_id AND i.imov_icexclusao IS DISTINCT FROM 1
  JOIN cadastro.cliente cl ON cl.clie_id = ci.clie_id AND cl.clie_icuso IS DISTINCT FROM 2
  WHERE ci.imov_id = $1 AND ci.clim_dtrelacaofim IS NULL`;

type Row = { clie_nncpf: string | null; clie_nncnpj: string | null };

/**
 * POST /v1/identity-checks: yes or no. Reads the current clients of the property (never cliente by document) and does
 * the same work whatever the reason of a no: unknown property, unknown document, malformed document.
 */
export const checkIdentity: Operation = {
  columns: {
    "cadastro.cliente_imovel": ["clie_id", "imov_id", "clim_dtrelacaofim"],
    "cadastro.imovel": ["imov_id", "imov_icexclusao"],
    "cadastro.cliente": ["clie_id", "clie_nncpf", "clie_nncnpj", "clie_icuso"],
  },

  async answer(context, input) {
    const asked = parseDocument(requiredText(input.body, "document"));
    const rows = await context.query<Row>(sql, [Number(requiredText(input.body, "property"))]);
    const known = rows.flatMap((row) => [row.clie_nncpf, row.clie_nncnpj]).map((text) => digest((text ?? "").trim().toUpperCase()));
    const wanted = digest(asked ?? "");
    const hits = known.filter((one) => timingSafeEqual(one, wanted));
    return { match: asked !== undefined && hits.length > 0 };
  },
};

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
