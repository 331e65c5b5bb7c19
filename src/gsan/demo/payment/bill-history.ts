import type { ClientBase } from "pg";

/** Columns that conta and conta_historico have in common, by conta's names; the history's differ in the prefix. */
const BILL = `cnta_id, imov_id, cnta_amreferenciaconta, cnta_amreferenciacontabil, last_id, lest_id, loca_id, qdra_id, cstf_id,
  cnta_dgverificadorconta, cnta_iccobrancamulta, cnta_nnconsumoagua, cnta_nnconsumoesgoto, cnta_vlagua, cnta_vlesgoto,
  cnta_vldebitos, cnta_vlcreditos, cnta_vlimpostos, cnta_pcesgoto, cnta_dtvencimentoconta, cnta_dtvencimentooriginal,
  cnta_dtemissao, dcst_idatual, dcst_idanterior, cnta_nncontafatura`;
const CLOSED_BILL = BILL.replaceAll(/cnta_(?!id\b)/g, "cnhi_");

/** Moves those of the bills that stand in conta to conta_historico, with their clients; returns how many. */
export async function closeBills(
  client: ClientBase,
  ids: readonly number[],
  closing: { month: number; timestamp: string },
): Promise<number> {
  const { month, timestamp } = closing;
  const { rows } = await client.query<{ cnta_id: number }>(
    `INSERT INTO faturamento.conta_historico (${CLOSED_BILL}, cnhi_amreferenciabaixacontabil, cnhi_tmcontahistorico, cnhi_tmultimaalteracao)
     SELECT ${BILL}, $2, $3, $3 FROM faturamento.conta WHERE cnta_id = ANY ($1) AND dcst_idatual IN (0, 1, 2) RETURNING cnta_id`,
    [ids, month, timestamp],
  );
  const moved = rows.map(({ cnta_id }) => cnta_id);
  await client.query(
    `INSERT INTO cadastro.cliente_conta_historico (clch_id, clie_id, cnta_id, crtp_id, clch_icnomeconta, clch_tmultimaalteracao)
     SELECT nextval('cadastro.seq_cliente_conta_historico'), clie_id, cnta_id, crtp_id, clct_icnomeconta, $2
     FROM cadastro.cliente_conta WHERE cnta_id = ANY ($1)`,
    [moved, timestamp],
  );
  await client.query("DELETE FROM cadastro.cliente_conta WHERE cnta_id = ANY ($1)", [moved]);
  await client.query("DELETE FROM faturamento.conta WHERE cnta_id = ANY ($1)", [moved]);
  await markBills(client, moved, { isHistory: true, timestamp });
  return moved.length;
}

/** The way back, for bills whose payment was taken back after the closing. */
export async function reopenBills(client: ClientBase, ids: readonly number[], timestamp: string): Promise<void> {
  await client.query(
    `INSERT INTO faturamento.conta (${BILL}, cnta_tmultimaalteracao)
     SELECT ${CLOSED_BILL}, $2 FROM faturamento.conta_historico WHERE cnta_id = ANY ($1)`,
    [ids, timestamp],
  );
  await client.query(
    `INSERT INTO cadastro.cliente_conta (clct_id, clie_id, cnta_id, crtp_id, clct_icnomeconta, clct_tmultimaalteracao)
     SELECT nextval('cadastro.seq_cliente_conta'), clie_id, cnta_id, crtp_id, clch_icnomeconta, $2
     FROM cadastro.cliente_conta_historico WHERE cnta_id = ANY ($1)`,
    [ids, timestamp],
  );
  await client.query("DELETE FROM cadastro.cliente_conta_historico WHERE cnta_id = ANY ($1)", [ids]);
  await client.query("DELETE FROM faturamento.conta_historico WHERE cnta_id = ANY ($1)", [ids]);
  await markBills(client, ids, { isHistory: false, timestamp });
}

async function markBills(client: ClientBase, ids: readonly number[], to: { isHistory: boolean; timestamp: string }): Promise<void> {
  await client.query("UPDATE faturamento.conta_geral SET cntg_ichistorico = $2, cntg_tmultimaalteracao = $3 WHERE cnta_id = ANY ($1)", [
    ids,
    to.isHistory ? 1 : 2,
    to.timestamp,
  ]);
}
