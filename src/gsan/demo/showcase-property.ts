import type { Pool } from "pg";
import { hasMatriculaDigit, isCpf } from "./document-digits.ts";

export type ShowcaseProperty = { matricula: number; cpf: string };

const withBillAndPayment = `
  AND EXISTS (SELECT FROM faturamento.conta b WHERE b.imov_id = i.imov_id AND b.dcst_idatual = 0 AND b.cnta_dtrevisao IS NULL)
  AND EXISTS (SELECT FROM arrecadacao.pagamento p WHERE p.imov_id = i.imov_id AND p.pgst_idatual = 0)`;

/**
 * A connected property that shows well: valid digits, a user with a valid CPF that belongs to nobody else, and, while
 * there is such a one, an open bill and payments (all may be paid, or closed into the history). The same base gives the
 * same property. Undefined only for a base without any.
 */
export async function showcaseProperty(pool: Pick<Pool, "query">): Promise<ShowcaseProperty | undefined> {
  return (await firstProperty(pool, withBillAndPayment)) ?? firstProperty(pool, "");
}

async function firstProperty(pool: Pick<Pool, "query">, condition: string): Promise<ShowcaseProperty | undefined> {
  const { rows } = await pool.query<ShowcaseProperty>(
    `SELECT i.imov_id AS matricula, c.clie_nncpf AS cpf
     FROM cadastro.imovel i
       JOIN cadastro.cliente_imovel r ON r.imov_id = i.imov_id AND r.crtp_id = 2 AND r.clim_dtrelacaofim IS NULL
       JOIN cadastro.cliente c ON c.clie_id = r.clie_id
     WHERE i.last_id = 3 AND i.imov_icexclusao = 2 AND c.clie_nncpf IS NOT NULL ${condition}
     ORDER BY i.imov_id LIMIT 200`,
  );
  const counts = await documentCounts(
    pool,
    rows.map(({ cpf }) => cpf),
  );
  return rows.find(({ matricula, cpf }) => hasMatriculaDigit(matricula) && isCpf(cpf) && counts.get(cpf) === 1);
}

async function documentCounts(pool: Pick<Pool, "query">, cpfs: readonly string[]): Promise<Map<string, number>> {
  const { rows } = await pool.query<{ cpf: string; holders: number }>(
    "SELECT clie_nncpf AS cpf, count(*)::int AS holders FROM cadastro.cliente WHERE clie_nncpf = ANY ($1) GROUP BY 1",
    [cpfs],
  );
  return new Map(rows.map(({ cpf, holders }) => [cpf, holders]));
}
