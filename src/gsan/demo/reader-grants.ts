import pg from "pg";
import type { ClientBase } from "pg";
import { scramVerifier } from "./scram-verifier.ts";

export type Reader = { role: string; password: string };

const SCHEMAS = ["cadastro", "faturamento", "arrecadacao", "cobranca", "atendimentopublico", "micromedicao"];

/** Never leave the utility: proofs of identity, vulnerability, free text, the bank's raw line (gsan.md 3.1). */
const HIDDEN_COLUMNS: Readonly<Record<string, readonly string[]>> = {
  "cadastro.cliente": ["clie_nnrg", "clie_dtrgemissao", "clie_dtnascimento", "clie_nnmae", "psex_id", "prof_id"],
  "cadastro.imovel": ["iper_id"],
  "arrecadacao.arrecadador_mov_item": ["amit_cnregistro"],
  "atendimentopublico.registro_atendimento": ["rgat_dsobservacao", "rgat_dslocalocorrencia"],
  "atendimentopublico.ordem_servico": ["orse_dsparecerencerramento"],
};
const HIDDEN_TABLES = new Set(["cobranca.negatd_movimento_reg"]);

/**
 * Makes or renews the login role that the platform reads the base with: SELECT only, read-only transactions, hidden
 * columns not granted. `client` is connected to the base, as superuser.
 */
export async function grantReader(client: ClientBase, reader: Reader): Promise<void> {
  const role = pg.escapeIdentifier(reader.role);
  const { rowCount } = await client.query("SELECT FROM pg_roles WHERE rolname = $1", [reader.role]);
  if (rowCount === 0) {
    await client.query(`CREATE ROLE ${role}`);
  }
  const password = pg.escapeLiteral(scramVerifier(reader.password));
  await client.query(`ALTER ROLE ${role} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS PASSWORD ${password}`);
  await client.query(`ALTER ROLE ${role} SET default_transaction_read_only = on`);
  await client.query(`GRANT USAGE ON SCHEMA ${SCHEMAS.join(", ")} TO ${role}`);
  const tables = (await readColumns(client)).filter(({ tab }) => !HIDDEN_TABLES.has(tab));
  await client.query(tables.map((table) => `GRANT SELECT${shownColumns(table)} ON ${table.tab} TO ${role}`).join(";\n"));
}

function shownColumns({ tab, columns }: { tab: string; columns: readonly string[] }): string {
  const hidden = HIDDEN_COLUMNS[tab];
  return hidden === undefined ? "" : ` (${columns.filter((column) => !hidden.includes(column)).join(", ")})`;
}

async function readColumns(client: ClientBase): Promise<{ tab: string; columns: string[] }[]> {
  const { rows } = await client.query<{ tab: string; columns: string[] }>(
    `SELECT table_schema || '.' || table_name AS tab, array_agg(column_name::text ORDER BY ordinal_position) AS columns
     FROM information_schema.columns WHERE table_schema = ANY ($1) GROUP BY 1 ORDER BY 1`,
    [SCHEMAS],
  );
  return rows;
}
