import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { ClientBase } from "pg";
import { from as copyFrom } from "pg-copy-streams";
import { planBase } from "./base-plan.ts";
import type { BaseOptions, BasePlan } from "./base-plan.ts";
import { baseTables } from "./base-tables.ts";
import { withDeferredConstraints } from "./deferred-constraints.ts";
import { generateBase } from "./generate-base.ts";
import type { BaseChunk } from "./generate-base.ts";

export type FillProgress = { step: "fill" | "constraints" | "analyze"; propertiesDone: number; rows: number };

export type FillOptions = BaseOptions & {
  /** Called after each chunk and at the start of each later step. */
  onProgress?: (progress: FillProgress) => void;
};

/** Tables that the schema fills, with their time column: dated like the rest, so that two bases are equal. */
const LOOK_UPS: readonly [string, string][] = [
  ["cadastro.cliente_tipo", "cltp"],
  ["cadastro.cliente_relacao_tipo", "crtp"],
  ["cadastro.fone_tipo", "fnet"],
  ["atendimentopublico.ligacao_agua_situacao", "last"],
  ["atendimentopublico.ligacao_esgoto_situacao", "lest"],
  ["faturamento.debito_credito_situacao", "dcst"],
  ["faturamento.debito_tipo", "dbtp"],
  ["cobranca.documento_tipo", "dotp"],
  ["arrecadacao.arrecadacao_forma", "arfm"],
  ["arrecadacao.pagamento_situacao", "pgst"],
];

/** Sequence, table and column whose highest value it has passed. */
const SEQUENCES: readonly [string, string, string][] = [
  ["cadastro.seq_cliente", "cadastro.cliente", "clie_id"],
  ["cadastro.seq_imovel", "cadastro.imovel", "imov_id / 10"],
  ["cadastro.seq_cliente_imovel", "cadastro.cliente_imovel", "clim_id"],
  ["cadastro.seq_cliente_fone", "cadastro.cliente_fone", "cfon_id"],
  ["cadastro.seq_cliente_conta", "cadastro.cliente_conta", "clct_id"],
  ["cadastro.seq_cliente_conta_historico", "cadastro.cliente_conta_historico", "clch_id"],
  ["faturamento.seq_conta_geral", "faturamento.conta_geral", "cnta_id"],
  ["arrecadacao.seq_arrecadador_movimento", "arrecadacao.arrecadador_movimento", "armv_id"],
  ["arrecadacao.seq_arrecadador_mov_item", "arrecadacao.arrecadador_mov_item", "amit_id"],
  ["arrecadacao.seq_aviso_bancario", "arrecadacao.aviso_bancario", "avbc_id"],
  ["arrecadacao.seq_pagamento", "arrecadacao.arrecadador_mov_item", "amit_id"],
  ["arrecadacao.seq_pagamento", "arrecadacao.pagamento", "pgmt_id"],
];

/**
 * Fills a database that holds the empty GSAN tables; the client must own them. Streams by COPY in memory that does
 * not depend on the number of properties. Not atomic: a base whose fill was cut off has to be built anew.
 */
export async function fillBase(client: ClientBase, options: FillOptions): Promise<{ rows: number }> {
  const plan = planBase(options);
  const report = options.onProgress ?? (() => {});
  // a base cut off is built anew, so nothing is lost by not waiting for the disk
  await client.query("SET synchronous_commit = off; SET maintenance_work_mem = '128MB'");
  let rows = 0;
  await withDeferredConstraints(client, {
    work: async () => {
      rows = await copyChunks(client, plan, (propertiesDone, done) => report({ step: "fill", propertiesDone, rows: done }));
    },
    beforeRebuild: () => report({ step: "constraints", propertiesDone: plan.properties, rows }),
  });
  await dateLookUps(client, plan);
  await passSequences(client);
  report({ step: "analyze", propertiesDone: plan.properties, rows });
  await client.query("ANALYZE; RESET synchronous_commit; RESET maintenance_work_mem");
  return { rows };
}

/** One transaction per chunk; one chunk in memory. */
async function copyChunks(client: ClientBase, plan: BasePlan, report: (propertiesDone: number, rows: number) => void): Promise<number> {
  let rows = 0;
  for (const chunk of generateBase(plan)) {
    await copyChunk(client, chunk);
    rows += chunk.rows;
    report(chunk.propertiesDone, rows);
  }
  return rows;
}

async function copyChunk(client: ClientBase, chunk: BaseChunk): Promise<void> {
  await client.query("BEGIN");
  for (const [table, text] of chunk.tables) {
    const stream = client.query(copyFrom(`COPY ${table} (${baseTables[table]}) FROM STDIN`));
    await pipeline(Readable.from([Buffer.from(text)]), stream);
  }
  await client.query("COMMIT");
}

async function dateLookUps(client: ClientBase, plan: BasePlan): Promise<void> {
  for (const [table, prefix] of LOOK_UPS) {
    await client.query(`UPDATE ${table} SET ${prefix}_tmultimaalteracao = $1`, [plan.stamp]);
  }
}

async function passSequences(client: ClientBase): Promise<void> {
  for (const [sequence, table, column] of SEQUENCES) {
    await client.query(
      `SELECT setval('${sequence}', greatest((SELECT max(${column}) FROM ${table}), (SELECT last_value FROM ${sequence})))`,
    );
  }
}
