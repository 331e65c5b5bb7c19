/** Columns that the generator writes, by table; each row of the generator has its cells in this order. */
export const baseTables = {
  "cadastro.municipio": "muni_id, muni_nmmunicipio, muni_cdibge, muni_cdddd, unfe_id, muni_icuso, muni_tmultimaalteracao",
  "cadastro.localidade": "loca_id, loca_nmlocalidade, loca_cdelo, greg_id, uneg_id, muni_idprincipal, loca_icuso, loca_tmultimaalteracao",
  "cadastro.setor_comercial": "stcm_id, loca_id, stcm_cdsetorcomercial, stcm_nmsetorcomercial, muni_id, stcm_icuso, stcm_tmultimaalteracao",
  "cadastro.bairro": "bair_id, muni_id, bair_cdbairro, bair_nmbairro, bair_icuso, bair_tmultimaalteracao",
  "cadastro.quadra": "qdra_id, stcm_id, qdra_nnquadra, bair_id, rota_id, qdra_icuso, qdra_tmultimaalteracao",
  "cadastro.logradouro": "logr_id, logr_nmlogradouro, lgtp_id, lgtt_id, muni_id, logr_icuso, logr_tmultimaalteracao",
  "cadastro.cep": "cep_id, cep_cdcep, cep_dsufsigla, cep_nmmunicipio, cep_nmbairro, cep_nmlogradouro, cep_icuso, cep_tmultimaalteracao",
  "cadastro.logradouro_bairro": "lgbr_id, logr_id, bair_id, lgbr_tmultimaalteracao",
  "cadastro.logradouro_cep": "lgcp_id, logr_id, cep_id, lgcp_icuso, lgcp_tmultimaalteracao",
  "cadastro.cliente":
    "clie_id, clie_nmcliente, clie_nmabreviado, cltp_id, clie_nncpf, clie_nncnpj, clie_nnrg, clie_dtrgemissao, clie_dtnascimento, clie_nnmae, psex_id, clie_dsemail, clie_ddvencimento, clie_icuso, clie_tmultimaalteracao",
  "cadastro.cliente_fone": "cfon_id, clie_id, cfon_cdddd, cfon_nnfone, cfon_icfonepadrao, fnet_id, cfon_nmcontato, cfon_tmultimaalteracao",
  "cadastro.cliente_endereco":
    "cled_id, clie_id, edtp_id, cled_nnimovel, cled_dscomplementoendereco, lgbr_id, lgcp_id, cled_icenderecocorrespondencia, cled_tmultimaalteracao",
  "cadastro.imovel":
    "imov_id, loca_id, stcm_id, qdra_id, imov_nnlote, imov_nnsublote, imov_nnimovel, imov_dscomplementoendereco, lgbr_id, lgcp_id, last_id, lest_id, iper_id, cstf_id, cbst_id, imov_qteconomia, imov_nnmorador, imov_ddvencimento, imov_icdebitoconta, imov_icimovelcondominio, imov_icexclusao, imov_idcategoriaprincipal, imov_nncoordenadax, imov_nncoordenaday, imov_tmultimaalteracao",
  "cadastro.cliente_imovel":
    "clim_id, clie_id, imov_id, crtp_id, clim_dtrelacaoinicio, clim_dtrelacaofim, clim_icnomeconta, clim_tmultimaalteracao",
  "atendimentopublico.ligacao_agua":
    "lagu_id, lagu_dtligacaoagua, lagu_dtcorte, lagu_dtsupressaoagua, lagd_id, lagm_id, hidi_id, lagu_tmultimaalteracao",
  "faturamento.conta_geral": "cnta_id, cntg_ichistorico, cntg_tmultimaalteracao",
  "faturamento.conta":
    "cnta_id, imov_id, cnta_amreferenciaconta, cnta_amreferenciacontabil, last_id, lest_id, loca_id, qdra_id, cstf_id, cnta_dgverificadorconta, cnta_iccobrancamulta, cnta_icdebitoconta, cnta_nnconsumoagua, cnta_nnconsumoesgoto, cnta_nnleituraanterior, cnta_nnleituraatual, cnta_vlagua, cnta_vlesgoto, cnta_vldebitos, cnta_vlcreditos, cnta_vlimpostos, cnta_pcesgoto, cnta_dtvencimentoconta, cnta_dtvencimentooriginal, cnta_dtvalidadeconta, cnta_dtemissao, cnta_dtretificacao, cnta_dtcancelamento, cnta_dtrevisao, cmrv_id, dcst_idatual, dcst_idanterior, parc_id, cnta_tmultimaalteracao",
  "faturamento.conta_historico":
    "cnta_id, imov_id, cnhi_amreferenciaconta, cnhi_tmcontahistorico, cnhi_amreferenciacontabil, cnhi_amreferenciabaixacontabil, last_id, lest_id, loca_id, qdra_id, cstf_id, cnhi_dgverificadorconta, cnhi_iccobrancamulta, cnhi_nnconsumoagua, cnhi_nnconsumoesgoto, cnhi_vlagua, cnhi_vlesgoto, cnhi_vldebitos, cnhi_vlcreditos, cnhi_vlimpostos, cnhi_pcesgoto, cnhi_dtvencimentoconta, cnhi_dtvencimentooriginal, cnhi_dtemissao, dcst_idatual, dcst_idanterior, cnhi_tmultimaalteracao",
  "cadastro.cliente_conta": "clct_id, clie_id, cnta_id, crtp_id, clct_icnomeconta, clct_tmultimaalteracao",
  "cadastro.cliente_conta_historico": "clch_id, clie_id, cnta_id, crtp_id, clch_icnomeconta, clch_tmultimaalteracao",
  "micromedicao.consumo_historico":
    "cshi_id, imov_id, lgti_id, cshi_amfaturamento, cshi_nnconsumofaturadomes, cshi_nnconsumomedio, cshi_nnconsumominimo, cshi_icfaturamento, cstp_id, cshi_tmultimaalteracao",
  "micromedicao.medicao_historico":
    "mdhi_id, lagu_id, medt_id, mdhi_amleitura, mdhi_dtleitantfatmt, mdhi_nnleitantfatmt, mdhi_dtleituraatualfaturamento, mdhi_nnleituraatualfaturamento, mdhi_nnconsumomedidomes, mdhi_nnconsumomediohidrometro, mdhi_icanalisado, mdhi_tmultimaalteracao",
  "arrecadacao.arrecadador": "arrc_id, clie_id, arrc_cdagente, arrc_icuso, arrc_tmultimaalteracao",
  "arrecadacao.arrecadador_movimento":
    "armv_id, armv_dtgeracao, armv_nnnsa, armv_cdconvenio, armv_cdbanco, armv_nmbanco, armv_cdremessa, armv_nnversaolayout, armv_dsidentificacaoservico, armv_nnregistrosmovimento, armv_vltotalmovimento, armv_tmultimaalteracao",
  "arrecadacao.arrecadador_mov_item":
    "amit_id, armv_id, rgcd_id, amit_cnregistro, amit_dsocorrencia, amit_icaceitacao, imov_id, amit_tmultimaalteracao",
  "arrecadacao.aviso_bancario":
    "avbc_id, avbc_dtlancamento, avbc_amreferenciaarrecadacao, avbc_iccreditodebito, arrc_id, armv_id, arfm_id, avbc_nndocumento, avbc_nnsequencial, ctbc_id, avbc_vlcontabilizado, avbc_vlrealizado, avbc_dtprevista, avbc_dtrealizada, avbc_vlarrecadacaocalculado, avbc_vldevolucaocalculado, avbc_vlarrecadacaoinformado, avbc_vldevolucaoinformado, avbc_tmultimaalteracao",
  "arrecadacao.pagamento":
    "pgmt_id, pgmt_vlpagamento, pgmt_vlexcedente, pgmt_dtpagamento, pgmt_amreferenciapagamento, pgmt_amreferenciaarrecadacao, pgst_idatual, pgst_idanterior, cnta_id, gpag_id, dbtp_id, loca_id, dotp_id, dotp_idagregador, cbdo_id, avbc_id, amit_id, arfm_id, imov_id, pgmt_tmprocessamento, pgmt_tmultimaalteracao",
  "arrecadacao.pagamento_historico":
    "pghi_id, pghi_vlpagamento, pghi_vlexcedente, pghi_dtpagamento, pghi_amreferenciapagamento, pghi_amreferenciaarrecadacao, pghi_amreferenciahistorico, pgst_idatual, pgst_idanterior, cnta_id, loca_id, dotp_id, dotp_idagregador, cbdo_id, avbc_id, amit_id, arfm_id, imov_id, pghi_cdagente, pghi_tmprocessamento, pghi_tmultimaalteracao",
  "faturamento.guia_pagamento_geral": "gpag_id, gpge_ichistorico, gpge_tmultimaalteracao",
  "faturamento.guia_pagamento":
    "gpag_id, loca_id, imov_id, clie_id, dbtp_id, dotp_id, gpag_amreferenciacontabil, gpag_dtemissao, gpag_dtvencimento, gpag_vldebito, gpag_nnprestacaodebito, gpag_nnprestacaototal, gpag_iccobrancamulta, fntp_id, lict_id, dcst_idatual, gpag_tmultimaalteracao",
  "faturamento.debito_a_cobrar_geral": "dbac_id, dage_ichistorico, dage_tmultimaalteracao",
  "faturamento.debito_a_cobrar":
    "dbac_id, imov_id, dbtp_id, dbac_tmatudebito, dbac_amreferenciadebito, dbac_amcobrancadebito, dbac_amreferenciacontabil, dbac_vldebito, dbac_nnprestacaodebito, dbac_nnprestacaocobradas, loca_id, qdra_id, fntp_id, lict_id, cbfm_id, dcst_idatual, dbac_tmultimaalteracao",
  "cobranca.cobranca_documento":
    "cbdo_id, imov_id, clie_id, dotp_id, demf_id, loca_id, cbdo_nnsequenciadocumento, cbdo_tmemissao, cbdo_vldocumento, cbdo_vlacrescimos, cdst_id, cbdo_dtsituacaodebito, cbdo_tmultimaalteracao",
  "cobranca.cobranca_documento_item":
    "cdit_id, cbdo_id, dotp_id, cnta_id, cdit_vlitemcobrado, cdit_vlacrescimos, cdst_id, cdit_dtsituacaodebito, cdit_tmultimaalteracao",
  "atendimentopublico.registro_atendimento":
    "rgat_id, step_id, meso_id, imov_id, loca_id, rgat_cdsituacao, rgat_icatendimentoonline, rgat_tmregistroatendimento, rgat_dtprevistaoriginal, rgat_dtprevistaatual, rgat_tmencerramento, amen_id, rgat_dsobservacao, rgat_dspontoreferencia, lgbr_id, lgcp_id, unid_idatual, rgat_tmultimaalteracao",
  "atendimentopublico.ordem_servico":
    "orse_id, rgat_id, imov_id, svtp_id, orse_cdsituacao, orse_tmgeracao, orse_tmencerramento, amen_id, orse_vlservicoatual, stpr_idoriginal, stpr_idatual, orse_iccomercialatualizado, orse_icdiagnostico, unid_idatual, orse_tmultimaalteracao",
  "cobranca.negatd_movimento_reg":
    "nmrg_id, ngmv_id, nrtp_id, imov_id, clie_id, nmrg_nncpf, nmrg_nncnpj, nmrg_vldebito, nmrg_icaceito, nmrg_cdexclusaotipo, nmrg_icsitdefinitiva, nmrg_nnregistro, nmrg_tmultimaalteracao",
} as const satisfies Record<string, string>;

export type BaseTable = keyof typeof baseTables;
