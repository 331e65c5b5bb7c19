/**
 * UC0300: gives every unclassified payment up to month $1 its status; $2 is the clock of the server. A guia is
 * accepted; without bill 2; a bill that is settled or paid before 1; then by value: 0 equal, 3 more, 5 less.
 */
export const CLASSIFY = `WITH open AS (
    SELECT p.pgmt_id, p.gpag_id, p.pgmt_vlpagamento AS paid, coalesce(p.cnta_id, (
      SELECT c.cnta_id FROM faturamento.conta c
      WHERE c.imov_id = p.imov_id AND c.cnta_amreferenciaconta = p.pgmt_amreferenciapagamento AND c.dcst_idatual IN (0, 1, 2)
      ORDER BY c.cnta_id DESC LIMIT 1)) AS bill
    FROM arrecadacao.pagamento p WHERE p.pgst_idatual IS NULL AND p.pgmt_amreferenciaarrecadacao <= $1
  ), matched AS (
    SELECT o.*, c.cnta_vlagua + c.cnta_vlesgoto + c.cnta_vldebitos - c.cnta_vlcreditos - coalesce(c.cnta_vlimpostos, 0) AS total,
      row_number() OVER (PARTITION BY o.bill ORDER BY o.pgmt_id) > 1 OR EXISTS (
        SELECT FROM arrecadacao.pagamento q WHERE q.cnta_id = o.bill AND q.pgst_idatual IS NOT NULL) AS again
    FROM open o LEFT JOIN faturamento.conta c ON c.cnta_id = o.bill
  ), decided AS (
    SELECT m.*, CASE WHEN gpag_id IS NOT NULL THEN 0 WHEN bill IS NULL THEN 2 WHEN total IS NULL OR again THEN 1
      WHEN paid = total THEN 0 WHEN paid > total THEN 3 ELSE 5 END AS status
    FROM matched m
  )
  UPDATE arrecadacao.pagamento p SET pgst_idatual = d.status, cnta_id = d.bill, pgmt_tmultimaalteracao = $2,
    pgmt_vlexcedente = CASE WHEN d.status = 3 THEN d.paid - d.total END
  FROM decided d WHERE p.pgmt_id = d.pgmt_id`;

/** UC0276, one page: the payments up to month $1 whose status is final, above number $2. */
export const PAGE = `SELECT pgmt_id, cnta_id, pgmt_vlpagamento::text AS paid FROM arrecadacao.pagamento
  WHERE pgmt_id > $2 AND pgmt_amreferenciaarrecadacao <= $1
    AND (pgst_idatual IN (0, 9) OR (pgst_idatual = 4 AND pgmt_vlexcedente > 0))
  ORDER BY pgmt_id LIMIT $3 FOR UPDATE`;

/** The number stays, the time of the last change is new. */
export const COPY_PAYMENTS = `INSERT INTO arrecadacao.pagamento_historico (pghi_id, pghi_vlpagamento, pghi_vlexcedente, pghi_dtpagamento,
    pghi_amreferenciapagamento, pghi_amreferenciaarrecadacao, pghi_amreferenciahistorico, pgst_idatual, pgst_idanterior, cnta_id,
    gpag_id, dbac_id, dbtp_id, loca_id, dotp_id, dotp_idagregador, cbdo_id, avbc_id, amit_id, arfm_id, imov_id, clie_id,
    pghi_cdagente, pghi_icexpurgado, pghi_tmprocessamento, pghi_tmultimaalteracao)
  SELECT p.pgmt_id, p.pgmt_vlpagamento, p.pgmt_vlexcedente, p.pgmt_dtpagamento, p.pgmt_amreferenciapagamento,
    p.pgmt_amreferenciaarrecadacao, $2, p.pgst_idatual, p.pgst_idanterior, p.cnta_id, p.gpag_id, p.dbac_id, p.dbtp_id, p.loca_id,
    p.dotp_id, p.dotp_idagregador, p.cbdo_id, p.avbc_id, p.amit_id, p.arfm_id, p.imov_id, p.clie_id, r.arrc_cdagente,
    p.pgmt_icexpurgado, p.pgmt_tmprocessamento, $3
  FROM arrecadacao.pagamento p
    JOIN arrecadacao.aviso_bancario a ON a.avbc_id = p.avbc_id JOIN arrecadacao.arrecadador r ON r.arrc_id = a.arrc_id
  WHERE p.pgmt_id = ANY ($1)`;

export const DELETE_PAYMENTS = "DELETE FROM arrecadacao.pagamento WHERE pgmt_id = ANY ($1)";
