import type { ClientBase } from "pg";
import { referenceDigit } from "../barcode.ts";
import { addMonths, dayInMonth, dayText } from "../calendar.ts";
import { billAmounts, sewerVolume } from "../fill/bill-amounts.ts";
import { centsToDecimal } from "../money.ts";
import type { Due, DueRequest } from "./due.ts";

type Candidate = {
  cnta_id: number;
  imov_id: number;
  loca_id: number;
  due_day: number;
  category: number;
  units: number;
  sewer_percent: number;
  volume: number;
  reading: number;
};

/**
 * Issues the month's bills of up to `count` connected properties that have none for it, with the use of their last
 * bill, and returns them as dues. The name on the bill comes from the current relations.
 */
export async function issueBills(client: ClientBase, request: DueRequest & { month: number }): Promise<Due[]> {
  const candidates = await findCandidates(client, request);
  if (candidates.length === 0) {
    return [];
  }
  const bills = candidates.map((candidate) => ({ candidate, amounts: billAmounts(candidate.volume, tariffOf(candidate)) }));
  const ids = candidates.map(({ cnta_id }) => cnta_id);
  const { timestamp, day } = request.at;
  await client.query(`INSERT INTO faturamento.conta_geral SELECT id, 2, $2 FROM unnest($1::int[]) id`, [ids, timestamp]);
  await client.query(INSERT_BILLS, [
    ids,
    candidates.map(({ imov_id }) => imov_id),
    bills.map(({ amounts }) => centsToDecimal(amounts.waterCents)),
    bills.map(({ amounts }) => centsToDecimal(amounts.sewerCents)),
    candidates.map(({ due_day }) => dayText(Math.max(day + 5, dayInMonth(addMonths(request.month, 1), due_day)))),
    candidates.map(({ volume }) => volume),
    candidates.map(({ volume, sewer_percent }) => sewerVolume(volume, sewer_percent)),
    candidates.map(({ reading }) => reading),
    candidates.map(({ sewer_percent }) => sewer_percent),
    request.month,
    referenceDigit(request.month),
    dayText(day),
    timestamp,
  ]);
  await client.query(INSERT_BILL_CLIENTS, [ids, timestamp]);
  return bills.map(({ candidate, amounts }) => ({
    billId: candidate.cnta_id,
    matricula: candidate.imov_id,
    localityId: candidate.loca_id,
    month: request.month,
    cents: amounts.waterCents + amounts.sewerCents,
  }));
}

function tariffOf(candidate: Candidate): { category: number; units: number; sewerPercent: number } {
  return { category: candidate.category, units: candidate.units, sewerPercent: candidate.sewer_percent };
}

/** Without any bill in conta or history the property gets the minimum use. */
async function findCandidates(client: ClientBase, request: DueRequest & { month: number }): Promise<Candidate[]> {
  const { rows } = await client.query<Candidate>(
    `SELECT nextval('faturamento.seq_conta_geral')::int AS cnta_id, i.* FROM (
       SELECT i.imov_id, i.loca_id, coalesce(i.imov_ddvencimento, 10)::int AS due_day,
         coalesce(i.imov_idcategoriaprincipal, 1) AS category, coalesce(i.imov_qteconomia, 1)::int AS units,
         coalesce(b.sewer_percent, 0)::int AS sewer_percent, coalesce(b.volume, 10) AS volume, coalesce(b.reading, 0) AS reading
       FROM cadastro.imovel i LEFT JOIN LATERAL (
         (SELECT c.cnta_pcesgoto AS sewer_percent, c.cnta_nnconsumoagua AS volume, c.cnta_nnleituraatual AS reading
          FROM faturamento.conta c WHERE c.imov_id = i.imov_id ORDER BY c.cnta_amreferenciaconta DESC LIMIT 1)
         UNION ALL
         (SELECT h.cnhi_pcesgoto, h.cnhi_nnconsumoagua, NULL
          FROM faturamento.conta_historico h WHERE h.imov_id = i.imov_id ORDER BY h.cnhi_amreferenciaconta DESC LIMIT 1)
         LIMIT 1) b ON true
       WHERE i.last_id = 3 AND i.imov_icexclusao IS DISTINCT FROM 1 AND ($1::int IS NULL OR i.imov_id = $1)
         AND NOT EXISTS (SELECT FROM faturamento.conta c WHERE c.imov_id = i.imov_id AND c.cnta_amreferenciaconta = $2)
         AND NOT EXISTS (SELECT FROM faturamento.conta_historico h
                         WHERE h.imov_id = i.imov_id AND h.cnhi_amreferenciaconta = $2)
       ORDER BY i.imov_id LIMIT $3) i`,
    [request.matricula ?? null, request.month, request.count],
  );
  return rows;
}

const INSERT_BILLS = `INSERT INTO faturamento.conta (cnta_id, imov_id, cnta_amreferenciaconta, cnta_amreferenciacontabil, last_id, lest_id,
    loca_id, qdra_id, cstf_id, cnta_dgverificadorconta, cnta_iccobrancamulta, cnta_icdebitoconta, cnta_nnconsumoagua,
    cnta_nnconsumoesgoto, cnta_nnleituraanterior, cnta_nnleituraatual, cnta_vlagua, cnta_vlesgoto, cnta_vldebitos, cnta_vlcreditos,
    cnta_pcesgoto, cnta_dtvencimentoconta, cnta_dtvencimentooriginal, cnta_dtvalidadeconta, cnta_dtemissao, dcst_idatual,
    cnta_tmultimaalteracao)
  SELECT b.id, i.imov_id, $10, $10, i.last_id, i.lest_id, i.loca_id, i.qdra_id, i.cstf_id, $11, 1, i.imov_icdebitoconta,
    b.volume, b.sewer_volume, b.reading, b.reading + b.volume, b.water, b.sewer, 0, 0, b.sewer_percent, b.due, b.due,
    b.due + 60, $12, 0, $13
  FROM unnest($1::int[], $2::int[], $3::numeric[], $4::numeric[], $5::date[], $6::int[], $7::int[], $8::int[], $9::int[])
    AS b (id, imov_id, water, sewer, due, volume, sewer_volume, reading, sewer_percent)
  JOIN cadastro.imovel i ON i.imov_id = b.imov_id`;

const INSERT_BILL_CLIENTS = `INSERT INTO cadastro.cliente_conta (clct_id, clie_id, cnta_id, crtp_id, clct_icnomeconta, clct_tmultimaalteracao)
  SELECT nextval('cadastro.seq_cliente_conta'), r.clie_id, c.cnta_id, r.crtp_id, r.clim_icnomeconta, $2
  FROM faturamento.conta c JOIN cadastro.cliente_imovel r ON r.imov_id = c.imov_id
  WHERE c.cnta_id = ANY ($1) AND r.clim_dtrelacaofim IS NULL AND r.crtp_id IS NOT NULL`;
