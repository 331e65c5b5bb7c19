-- The commercial base of GSAN, reduced to what partners ask for: 47 tables with the names, types, keys and
-- unique rules of the public GSAN database. Optional columns without use here are left out; a key to a
-- look-up table that was left out is a plain integer. Loads in an empty database, UTF8 or LATIN1; plain ASCII.
--
-- How GSAN names things: four letters of the table, "_", then id key, nm name, ds text, nn number, vl money,
-- dt day, tm instant without zone (clock of the server), am month as integer YYYYMM, ic indicator
-- (1 yes, 2 no; never a boolean), cd code, pc percent, qt quantity.

CREATE SCHEMA cadastro;
CREATE SCHEMA faturamento;
CREATE SCHEMA arrecadacao;
CREATE SCHEMA cobranca;
CREATE SCHEMA atendimentopublico;
CREATE SCHEMA micromedicao;

-- Keys come from sequences, never from identity columns. pagamento_historico has none: its key is the
-- number that the row had in pagamento. imovel's sequence lacks the check digit that ends a matricula.
CREATE SEQUENCE cadastro.seq_cliente;
CREATE SEQUENCE cadastro.seq_imovel;
CREATE SEQUENCE cadastro.seq_cliente_imovel;
CREATE SEQUENCE cadastro.seq_cliente_fone;
CREATE SEQUENCE cadastro.seq_cliente_conta;
CREATE SEQUENCE cadastro.seq_cliente_conta_historico;
CREATE SEQUENCE faturamento.seq_conta_geral;
CREATE SEQUENCE arrecadacao.seq_arrecadador_movimento;
CREATE SEQUENCE arrecadacao.seq_arrecadador_mov_item;
CREATE SEQUENCE arrecadacao.seq_aviso_bancario;
CREATE SEQUENCE arrecadacao.seq_pagamento;

-- Look-up tables. cltp_icpessoafisicajuridica: 1 has a CPF, 2 has a CNPJ.
CREATE TABLE cadastro.cliente_tipo (
  cltp_id                      integer PRIMARY KEY,
  cltp_dsclientetipo           varchar(50),
  cltp_icpessoafisicajuridica  smallint,
  cltp_icuso                   smallint,
  epod_id                      integer,
  cltp_tmultimaalteracao       timestamp NOT NULL DEFAULT now()
);

CREATE TABLE cadastro.cliente_relacao_tipo (
  crtp_id                      integer PRIMARY KEY,
  crtp_dsclienterelacaotipo    varchar(30),
  crtp_icuso                   smallint,
  crtp_tmultimaalteracao       timestamp NOT NULL DEFAULT now()
);

CREATE TABLE cadastro.fone_tipo (
  fnet_id                      integer PRIMARY KEY,
  fnet_dsfonetipo              varchar(20),
  fnet_icuso                   smallint,
  fnet_tmultimaalteracao       timestamp NOT NULL DEFAULT now()
);

CREATE TABLE atendimentopublico.ligacao_agua_situacao (
  last_id                      integer PRIMARY KEY,
  last_dsligacaoaguasituacao   varchar(20),
  last_dsabreviado             char(3),
  last_icuso                   smallint,
  last_icfaturamento           smallint NOT NULL,
  last_nnconsumominimo         integer  NOT NULL,
  last_tmultimaalteracao       timestamp NOT NULL DEFAULT now()
);

CREATE TABLE atendimentopublico.ligacao_esgoto_situacao (
  lest_id                      integer PRIMARY KEY,
  lest_dsligacaoesgotosituacao varchar(20),
  lest_dsabreviado             char(3),
  lest_icuso                   smallint,
  lest_icfaturamento           smallint NOT NULL,
  lest_nnvolumeminimo          integer  NOT NULL,
  lest_tmultimaalteracao       timestamp NOT NULL DEFAULT now()
);

CREATE TABLE faturamento.debito_credito_situacao (
  dcst_id                      integer PRIMARY KEY,
  dcst_dsdebitocreditosituacao varchar(30),
  dcst_dsabreviado             varchar(10),
  dcst_tmultimaalteracao       timestamp NOT NULL DEFAULT now()
);

CREATE TABLE faturamento.debito_tipo (
  dbtp_id                      integer PRIMARY KEY,
  lict_id                      integer NOT NULL,
  dbtp_dsdebitotipo            varchar(30),
  dbtp_dsabreviado             varchar(18),
  dbtp_icuso                   smallint,
  fntp_id                      integer NOT NULL,
  dbtp_vlsugerido              numeric(13,2),
  dbtp_icgeracaoautomatica     smallint NOT NULL,
  dbtp_icgeracaoconta          smallint NOT NULL,
  dbtp_tmultimaalteracao       timestamp NOT NULL DEFAULT now()
);

CREATE TABLE cobranca.documento_tipo (
  dotp_id                      integer PRIMARY KEY,
  dotp_dsdocumentotipo         varchar(30),
  dotp_dsabreviado             varchar(10),
  dotp_icpagavel               smallint,
  dotp_icuso                   smallint,
  dotp_icagregador             integer DEFAULT 2,
  dotp_tmultimaalteracao       timestamp NOT NULL DEFAULT now()
);

CREATE TABLE arrecadacao.arrecadacao_forma (
  arfm_id                      integer PRIMARY KEY,
  arfm_cdarrecadacaoforma      char(1),
  arfm_dsarrecadacaoforma      varchar(60),
  arfm_tmultimaalteracao       timestamp NOT NULL DEFAULT now()
);

-- A payment without a row here (NULL) was not classified yet.
CREATE TABLE arrecadacao.pagamento_situacao (
  pgst_id                      integer PRIMARY KEY,
  pgst_dspagamentosituacao     varchar(20),
  pgst_dsabreviado             char(8),
  pgst_icuso                   smallint,
  pgst_tmultimaalteracao       timestamp NOT NULL DEFAULT now()
);
-- The numbers are constants of the GSAN code; payment way 90 (PIX) is of this demo alone.
INSERT INTO cadastro.cliente_tipo (cltp_id, cltp_dsclientetipo, cltp_icpessoafisicajuridica, cltp_icuso, epod_id) VALUES
  (1,'PESSOA FISICA',1,1,4),(2,'PESSOA JURIDICA PRIVADA',2,1,4),(3,'PODER PUBLICO',2,1,1);
INSERT INTO cadastro.cliente_relacao_tipo (crtp_id, crtp_dsclienterelacaotipo, crtp_icuso) VALUES
  (1,'PROPRIETARIO',1),(2,'USUARIO',1),(3,'RESPONSAVEL',1);
INSERT INTO cadastro.fone_tipo (fnet_id, fnet_dsfonetipo, fnet_icuso) VALUES
  (1,'RESIDENCIAL',1),(2,'COMERCIAL',1),(3,'CELULAR',1),(4,'FAX',1);
INSERT INTO atendimentopublico.ligacao_agua_situacao
  (last_id,last_dsligacaoaguasituacao,last_dsabreviado,last_icuso,last_icfaturamento,last_nnconsumominimo) VALUES
  (1,'POTENCIAL','POT',1,2,0),(2,'FACTIVEL','FAC',1,2,0),(3,'LIGADO','LIG',1,1,10),(4,'EM FISCALIZACAO','FIS',1,2,0),
  (5,'CORTADO','COR',1,2,0),(6,'SUPRIMIDO','SUP',1,2,0),(7,'SUPR. PARCIAL','SPP',1,2,0),
  (8,'SUPR. PARC. PEDIDO','SPD',1,2,0),(9,'EM CANCELAMENTO','CAN',1,2,0),(10,'CANCEL. INEXISTENTE','INE',1,2,0);
INSERT INTO atendimentopublico.ligacao_esgoto_situacao
  (lest_id,lest_dsligacaoesgotosituacao,lest_dsabreviado,lest_icuso,lest_icfaturamento,lest_nnvolumeminimo) VALUES
  (1,'POTENCIAL','POT',1,2,0),(2,'FACTIVEL','FAC',1,2,0),(3,'LIGADO','LIG',1,1,0),
  (4,'EM FISCALIZACAO','FIS',1,2,0),(5,'LIG. FORA DE USO','LFU',1,2,0),(6,'TAMPONADO','TAM',1,2,0);
INSERT INTO faturamento.debito_credito_situacao (dcst_id, dcst_dsdebitocreditosituacao, dcst_dsabreviado) VALUES
  (0,'NORMAL','NORMAL'),(1,'RETIFICADA','RETIF'),(2,'INCLUIDA','INCL'),(3,'CANCELADA','CANC'),
  (4,'CANCELADA POR RETIFICACAO','CANC.RET'),(5,'PARCELADA','PARC'),(6,'ARRASTADA','ARRAST'),
  (7,'ENTRADA DE PARCELAMENTO','ENT.PARC'),(8,'DEBITO PRESCRITO','PRESC'),(9,'PRE-FATURADA','PREFAT');
INSERT INTO faturamento.debito_tipo (dbtp_id,lict_id,dbtp_dsdebitotipo,dbtp_dsabreviado,dbtp_icuso,fntp_id,dbtp_vlsugerido,dbtp_icgeracaoautomatica,dbtp_icgeracaoconta) VALUES
  (10,1,'LIGACAO DE AGUA','LIG AGUA',1,1,180.00,2,1),(20,2,'RELIGACAO','RELIGACAO',1,1,65.00,1,1),
  (30,3,'SEGUNDA VIA DE CONTA','2A VIA',1,1,3.50,1,1),(40,4,'MULTA POR IMPONTUALIDADE','MULTA',1,1,NULL,1,1),
  (50,5,'ENTRADA DE PARCELAMENTO','ENT PARC',1,2,NULL,2,2);
INSERT INTO cobranca.documento_tipo (dotp_id,dotp_dsdocumentotipo,dotp_dsabreviado,dotp_icpagavel,dotp_icuso,dotp_icagregador) VALUES
  (1,'CONTA','CONTA',1,1,2),(2,'ENTRADA DE PARCELAMENTO','ENT PARC',1,1,2),(3,'DOCUMENTO DE COBRANCA','DOC COBR',1,1,1),
  (5,'FATURA DE CLIENTE','FATURA',1,1,1),(6,'DEBITO A COBRAR','DEB COBR',1,1,2),(7,'GUIA DE PAGAMENTO','GUIA',1,1,2),
  (8,'DEVOLUCAO DE VALOR','DEVOL',2,1,2),(10,'CREDITO A REALIZAR','CREDITO',2,1,2),(14,'EXTRATO DE DEBITO','EXTRATO',1,1,1);
INSERT INTO arrecadacao.arrecadacao_forma (arfm_id,arfm_cdarrecadacaoforma,arfm_dsarrecadacaoforma) VALUES
  (1,'1','GUICHE DE CAIXA'),(2,'2','AUTO-ATENDIMENTO'),(3,'3','INTERNET BANKING'),(13,'D','DEBITO AUTOMATICO'),
  (14,'E','DEPOSITO'),(16,'F','FICHA DE COMPENSACAO'),(17,'C','CARTAO DE CREDITO'),(19,'B','CARTAO DE DEBITO'),
  (90,'P','PIX');
INSERT INTO arrecadacao.pagamento_situacao (pgst_id,pgst_dspagamentosituacao,pgst_dsabreviado,pgst_icuso) VALUES
  (0,'CLASSIFICADO','CLASSIF',1),(1,'EM DUPLICIDADE','DUPLIC',1),(2,'DOC. INEXISTENTE','DOCINEX',1),
  (3,'VALOR EM EXCESSO','VLEXCES',1),(4,'VALOR A BAIXAR','VLBAIXAR',1),(5,'VALOR NAO CONFERE','NCONF',1),
  (7,'MOVIMENTO ABERTO','MOVABERT',1),(9,'DUPL/EXCESSO DEVOLV','DEVOLV',1),(10,'DOC. A CONTABILIZAR','DOCCONT',1);

CREATE TABLE cadastro.municipio (
  muni_id                integer PRIMARY KEY,
  muni_nmmunicipio       varchar(30),
  muni_cdibge            varchar(10),
  muni_cdddd             smallint,
  unfe_id                integer NOT NULL,
  muni_icuso             smallint,
  muni_tmultimaalteracao timestamp NOT NULL DEFAULT now()
);

CREATE TABLE cadastro.localidade (
  loca_id                integer PRIMARY KEY,
  loca_nmlocalidade      varchar(30) NOT NULL,
  loca_cdelo             integer NOT NULL,
  greg_id                integer NOT NULL,
  uneg_id                integer NOT NULL,
  muni_idprincipal       integer REFERENCES cadastro.municipio,
  loca_icuso             smallint,
  loca_tmultimaalteracao timestamp NOT NULL DEFAULT now()
);

CREATE TABLE cadastro.setor_comercial (
  stcm_id                integer PRIMARY KEY,
  loca_id                integer NOT NULL REFERENCES cadastro.localidade,
  stcm_cdsetorcomercial  integer NOT NULL,
  stcm_nmsetorcomercial  varchar(30) NOT NULL,
  muni_id                integer NOT NULL REFERENCES cadastro.municipio,
  stcm_icuso             smallint,
  stcm_tmultimaalteracao timestamp NOT NULL DEFAULT now(),
  UNIQUE (loca_id, stcm_cdsetorcomercial)
);

CREATE TABLE cadastro.bairro (
  bair_id                integer PRIMARY KEY,
  muni_id                integer NOT NULL REFERENCES cadastro.municipio,
  bair_cdbairro          integer NOT NULL,
  bair_nmbairro          varchar(30),
  bair_icuso             smallint,
  bair_tmultimaalteracao timestamp NOT NULL DEFAULT now()
);

CREATE TABLE cadastro.quadra (
  qdra_id                integer PRIMARY KEY,
  stcm_id                integer NOT NULL REFERENCES cadastro.setor_comercial,
  qdra_nnquadra          integer NOT NULL,
  bair_id                integer REFERENCES cadastro.bairro,
  rota_id                integer NOT NULL,
  qdra_icuso             smallint,
  qdra_tmultimaalteracao timestamp NOT NULL DEFAULT now(),
  UNIQUE (stcm_id, qdra_nnquadra)
);

CREATE TABLE cadastro.logradouro (
  logr_id                integer PRIMARY KEY,
  logr_nmlogradouro      varchar(40) NOT NULL,
  lgtp_id                integer NOT NULL,
  lgtt_id                integer,
  muni_id                integer NOT NULL,
  logr_icuso             smallint,
  logr_tmultimaalteracao timestamp NOT NULL DEFAULT now()
);

-- cep_cdcep is a number, so a leading zero is gone: print it with eight digits.
CREATE TABLE cadastro.cep (
  cep_id                 integer PRIMARY KEY,
  cep_cdcep              integer UNIQUE,
  cep_dsufsigla          char(2),
  cep_nmmunicipio        varchar(30),
  cep_nmbairro           varchar(30),
  cep_nmlogradouro       varchar(50),
  cep_icuso              smallint,
  cep_tmultimaalteracao  timestamp NOT NULL DEFAULT now()
);

CREATE TABLE cadastro.logradouro_bairro (
  lgbr_id                integer PRIMARY KEY,
  logr_id                integer NOT NULL REFERENCES cadastro.logradouro,
  bair_id                integer NOT NULL REFERENCES cadastro.bairro,
  lgbr_tmultimaalteracao timestamp NOT NULL DEFAULT now(),
  UNIQUE (logr_id, bair_id)
);

CREATE TABLE cadastro.logradouro_cep (
  lgcp_id                integer PRIMARY KEY,
  logr_id                integer NOT NULL REFERENCES cadastro.logradouro,
  cep_id                 integer NOT NULL REFERENCES cadastro.cep,
  lgcp_icuso             smallint NOT NULL,
  lgcp_tmultimaalteracao timestamp NOT NULL DEFAULT now(),
  UNIQUE (cep_id, logr_id)
);

-- CPF and CNPJ are digits (since 2026 a CNPJ may hold letters) without unique rule and without index.
CREATE TABLE cadastro.cliente (
  clie_id                     integer PRIMARY KEY,
  clie_cdclienteresponsavel   integer REFERENCES cadastro.cliente,
  clie_nmcliente              varchar(50),
  clie_nmabreviado            varchar(40),
  cltp_id                     integer NOT NULL REFERENCES cadastro.cliente_tipo,
  clie_nncpf                  varchar(11),
  clie_nncnpj                 varchar(14),
  clie_nnrg                   varchar(13),
  clie_dtrgemissao            date,
  clie_dtnascimento           date,
  clie_nnmae                  varchar(50),
  psex_id                     integer,
  prof_id                     integer,
  clie_dsemail                varchar(40),
  clie_ddvencimento           smallint,
  clie_icuso                  smallint,
  clie_icpermitenegativacao   smallint NOT NULL DEFAULT 1,
  clie_icnegativacaoperiodo   smallint NOT NULL DEFAULT 2,
  clie_icusonomefantasiaconta smallint NOT NULL DEFAULT 2,
  clie_tmultimaalteracao      timestamp NOT NULL DEFAULT now()
);

CREATE TABLE cadastro.cliente_fone (
  cfon_id                integer PRIMARY KEY,
  clie_id                integer NOT NULL REFERENCES cadastro.cliente,
  cfon_cdddd             char(2),
  cfon_nnfone            varchar(9),
  cfon_nnfoneramal       varchar(4),
  cfon_icfonepadrao      smallint,
  fnet_id                integer NOT NULL REFERENCES cadastro.fone_tipo,
  cfon_nmcontato         varchar(50),
  cfon_tmultimaalteracao timestamp NOT NULL DEFAULT now()
);

-- imov_id is the matricula: a sequence number followed by its modulo-11 digit. Deletion is imov_icexclusao = 1.
CREATE TABLE cadastro.imovel (
  imov_id                    integer PRIMARY KEY,
  loca_id                    integer NOT NULL REFERENCES cadastro.localidade,
  stcm_id                    integer NOT NULL REFERENCES cadastro.setor_comercial,
  qdra_id                    integer NOT NULL REFERENCES cadastro.quadra,
  imov_nnlote                smallint NOT NULL,
  imov_nnsublote             smallint NOT NULL,
  imov_nnimovel              char(5)  NOT NULL,
  imov_dscomplementoendereco varchar(25),
  lgbr_id                    integer REFERENCES cadastro.logradouro_bairro,
  lgcp_id                    integer REFERENCES cadastro.logradouro_cep,
  last_id                    integer NOT NULL REFERENCES atendimentopublico.ligacao_agua_situacao,
  lest_id                    integer NOT NULL REFERENCES atendimentopublico.ligacao_esgoto_situacao,
  iper_id                    integer NOT NULL,
  cstf_id                    integer NOT NULL,
  cbst_id                    integer,
  imov_qteconomia            smallint,
  imov_nnmorador             smallint,
  imov_ddvencimento          smallint,
  imov_icdebitoconta         smallint NOT NULL,
  imov_icimovelcondominio    smallint NOT NULL,
  imov_idimovelcondominio    integer REFERENCES cadastro.imovel,
  imov_icexclusao            smallint,
  imov_idcategoriaprincipal  integer,
  imov_cddebitoautomatico    integer,
  imov_nncoordenadax         varchar(50),
  imov_nncoordenaday         varchar(50),
  imov_tmultimaalteracao     timestamp NOT NULL DEFAULT now()
);

-- Who belongs to a property: crtp_id 1 owner, 2 user, 3 responsible; clim_dtrelacaofim NULL = still so.
-- clim_icnomeconta = 1: this name is printed on the bill.
CREATE TABLE cadastro.cliente_imovel (
  clim_id                integer PRIMARY KEY,
  clie_id                integer NOT NULL REFERENCES cadastro.cliente,
  imov_id                integer NOT NULL REFERENCES cadastro.imovel,
  crtp_id                integer REFERENCES cadastro.cliente_relacao_tipo,
  clim_dtrelacaoinicio   date,
  clim_dtrelacaofim      date,
  clim_icnomeconta       smallint NOT NULL,
  clim_tmultimaalteracao timestamp NOT NULL DEFAULT now()
);
-- one current user and one current responsible per property at most
CREATE UNIQUE INDEX xak2_cliente_imovel ON cadastro.cliente_imovel (imov_id, crtp_id)
  WHERE crtp_id IN (2,3) AND clim_dtrelacaofim IS NULL;
CREATE UNIQUE INDEX xak3_cliente_imovel ON cadastro.cliente_imovel (imov_id, clie_id, crtp_id)
  WHERE clim_dtrelacaofim IS NULL;
CREATE INDEX xfk1_cliente_imovel ON cadastro.cliente_imovel (clie_id);

-- Keeps the number of a bill while the bill moves: cntg_ichistorico 2 = in conta, 1 = in conta_historico.
CREATE TABLE faturamento.conta_geral (
  cnta_id                integer PRIMARY KEY,
  cntg_ichistorico       smallint NOT NULL,
  cntg_tmultimaalteracao timestamp NOT NULL DEFAULT now()
);

-- Total of a bill = agua + esgoto + debitos - creditos - impostos; it is stored nowhere. cnta_dgverificadorconta
-- is the modulo-10 digit of MMYYYY, part of the barcode. dtrevisao and cmrv_id set = under review, not payable.
CREATE TABLE faturamento.conta (
  cnta_id                       integer PRIMARY KEY REFERENCES faturamento.conta_geral,
  imov_id                       integer NOT NULL REFERENCES cadastro.imovel,
  cnta_amreferenciaconta        integer NOT NULL,
  cnta_amreferenciacontabil     integer NOT NULL,
  cnta_amreferenciabaixacontabil integer,
  last_id                       integer NOT NULL REFERENCES atendimentopublico.ligacao_agua_situacao,
  lest_id                       integer NOT NULL REFERENCES atendimentopublico.ligacao_esgoto_situacao,
  loca_id                       integer NOT NULL REFERENCES cadastro.localidade,
  qdra_id                       integer NOT NULL REFERENCES cadastro.quadra,
  cstf_id                       integer NOT NULL,
  cnta_dgverificadorconta       smallint NOT NULL,
  cnta_iccobrancamulta          smallint NOT NULL,
  cnta_icdebitoconta            smallint,
  cnta_nnconsumoagua            integer,
  cnta_nnconsumoesgoto          integer,
  cnta_nnleituraanterior        integer,
  cnta_nnleituraatual           integer,
  cnta_vlagua                   numeric(13,2) NOT NULL,
  cnta_vlesgoto                 numeric(13,2) NOT NULL,
  cnta_vldebitos                numeric(13,2) NOT NULL,
  cnta_vlcreditos               numeric(13,2) NOT NULL,
  cnta_vlimpostos               numeric(13,2),
  cnta_pcesgoto                 numeric(5,2)  NOT NULL,
  cnta_dtvencimentoconta        date NOT NULL,
  cnta_dtvencimentooriginal     date NOT NULL,
  cnta_dtvalidadeconta          date,
  cnta_dtemissao                date,
  cnta_dtretificacao            date,
  cnta_dtcancelamento           date,
  cnta_dtrevisao                date,
  cmrv_id                       integer,
  dcst_idatual                  integer NOT NULL REFERENCES faturamento.debito_credito_situacao,
  dcst_idanterior               integer REFERENCES faturamento.debito_credito_situacao,
  parc_id                       integer,
  cnta_nnboleto                 integer,
  cnta_nncontafatura            varchar(14),
  cnta_tmultimaalteracao        timestamp NOT NULL DEFAULT now(),
  UNIQUE (imov_id, cnta_amreferenciaconta, dcst_idatual)
);
CREATE INDEX xix8_conta ON faturamento.conta (cnta_dtvencimentoconta);

CREATE TABLE faturamento.conta_historico (
  cnta_id                       integer PRIMARY KEY REFERENCES faturamento.conta_geral,
  imov_id                       integer NOT NULL REFERENCES cadastro.imovel,
  cnhi_amreferenciaconta        integer NOT NULL,
  cnhi_tmcontahistorico         timestamp,
  cnhi_amreferenciacontabil     integer,
  cnhi_amreferenciabaixacontabil integer,
  last_id                       integer NOT NULL REFERENCES atendimentopublico.ligacao_agua_situacao,
  lest_id                       integer NOT NULL REFERENCES atendimentopublico.ligacao_esgoto_situacao,
  loca_id                       integer NOT NULL REFERENCES cadastro.localidade,
  qdra_id                       integer NOT NULL REFERENCES cadastro.quadra,
  cstf_id                       integer NOT NULL,
  cnhi_dgverificadorconta       smallint NOT NULL,
  cnhi_iccobrancamulta          smallint NOT NULL,
  cnhi_nnconsumoagua            integer,
  cnhi_nnconsumoesgoto          integer,
  cnhi_vlagua                   numeric(13,2) NOT NULL,
  cnhi_vlesgoto                 numeric(13,2) NOT NULL,
  cnhi_vldebitos                numeric(13,2) NOT NULL,
  cnhi_vlcreditos               numeric(13,2) NOT NULL,
  cnhi_vlimpostos               numeric(13,2),
  cnhi_pcesgoto                 numeric(5,2)  NOT NULL,
  cnhi_dtvencimentoconta        date NOT NULL,
  cnhi_dtvencimentooriginal     date NOT NULL,
  cnhi_dtemissao                date,
  dcst_idatual                  integer NOT NULL REFERENCES faturamento.debito_credito_situacao,
  dcst_idanterior               integer REFERENCES faturamento.debito_credito_situacao,
  cnhi_nncontafatura            varchar(14),
  cnhi_tmultimaalteracao        timestamp NOT NULL DEFAULT now()
);
CREATE INDEX xfk2_conta_historico ON faturamento.conta_historico (imov_id);

CREATE TABLE cadastro.cliente_conta (
  clct_id                integer PRIMARY KEY,
  clie_id                integer NOT NULL REFERENCES cadastro.cliente,
  cnta_id                integer NOT NULL REFERENCES faturamento.conta,
  crtp_id                integer NOT NULL REFERENCES cadastro.cliente_relacao_tipo,
  clct_icnomeconta       smallint NOT NULL,
  clct_tmultimaalteracao timestamp NOT NULL DEFAULT now(),
  UNIQUE (clie_id, cnta_id, crtp_id)
);
CREATE INDEX xfk2_cliente_conta ON cadastro.cliente_conta (cnta_id);

-- A bank is a cliente too; arrc_cdagente is its FEBRABAN number.
CREATE TABLE arrecadacao.arrecadador (
  arrc_id                integer PRIMARY KEY,
  clie_id                integer NOT NULL REFERENCES cadastro.cliente,
  imov_id                integer REFERENCES cadastro.imovel,
  arrc_cdagente          smallint NOT NULL UNIQUE,
  arrc_icuso             smallint NOT NULL DEFAULT 1,
  arrc_tmultimaalteracao timestamp NOT NULL DEFAULT now()
);

CREATE TABLE arrecadacao.arrecadador_movimento (
  armv_id                      integer PRIMARY KEY,
  armv_dtgeracao               date,
  armv_nnnsa                   integer,
  armv_cdconvenio              varchar(20),
  armv_cdbanco                 smallint,
  armv_nmbanco                 varchar(40),
  armv_cdremessa               smallint,
  armv_nnversaolayout          integer,
  armv_dsidentificacaoservico  varchar(25),
  armv_nnregistrosmovimento    integer,
  armv_vltotalmovimento        numeric(15,2),
  armv_tmultimaalteracao       timestamp NOT NULL DEFAULT now(),
  UNIQUE (armv_cdbanco, armv_nnnsa, armv_dsidentificacaoservico, armv_cdremessa)
);

-- amit_cnregistro is the line of the bank as it came (barcode, sometimes an account): never shown to anybody.
CREATE TABLE arrecadacao.arrecadador_mov_item (
  amit_id                integer PRIMARY KEY,
  armv_id                integer NOT NULL REFERENCES arrecadacao.arrecadador_movimento,
  rgcd_id                integer NOT NULL,
  amit_cnregistro        varchar(401),
  amit_dsocorrencia      varchar(70),
  amit_icaceitacao       smallint,
  imov_id                integer REFERENCES cadastro.imovel,
  amit_tmultimaalteracao timestamp NOT NULL DEFAULT now()
);

CREATE TABLE arrecadacao.aviso_bancario (
  avbc_id                     integer PRIMARY KEY,
  avbc_dtlancamento           date NOT NULL,
  avbc_amreferenciaarrecadacao integer NOT NULL,
  avbc_iccreditodebito        smallint NOT NULL,
  arrc_id                     integer NOT NULL REFERENCES arrecadacao.arrecadador,
  armv_id                     integer REFERENCES arrecadacao.arrecadador_movimento,
  arfm_id                     integer REFERENCES arrecadacao.arrecadacao_forma,
  avbc_nndocumento            integer NOT NULL,
  avbc_nnsequencial           smallint,
  ctbc_id                     integer NOT NULL,
  avbc_vlcontabilizado        numeric(13,2) NOT NULL,
  avbc_vlrealizado            numeric(13,2),
  avbc_dtprevista             date,
  avbc_dtrealizada            date,
  avbc_vlarrecadacaocalculado numeric(13,2) NOT NULL,
  avbc_vldevolucaocalculado   numeric(13,2) NOT NULL,
  avbc_vlarrecadacaoinformado numeric(13,2) NOT NULL,
  avbc_vldevolucaoinformado   numeric(13,2) NOT NULL,
  avbc_tmultimaalteracao      timestamp NOT NULL DEFAULT now()
);

-- Payments of the open months. clie_id stays NULL when a bill barcode was paid.
CREATE TABLE arrecadacao.pagamento (
  pgmt_id                      integer PRIMARY KEY,
  pgmt_vlpagamento             numeric(13,2) NOT NULL,
  pgmt_vlexcedente             numeric(13,2),
  pgmt_dtpagamento             date NOT NULL,
  pgmt_amreferenciapagamento   integer,
  pgmt_amreferenciaarrecadacao integer NOT NULL,
  pgst_idatual                 integer REFERENCES arrecadacao.pagamento_situacao,
  pgst_idanterior              integer REFERENCES arrecadacao.pagamento_situacao,
  cnta_id                      integer REFERENCES faturamento.conta_geral,
  gpag_id                      integer,
  dbac_id                      integer,
  dbtp_id                      integer REFERENCES faturamento.debito_tipo,
  loca_id                      integer NOT NULL REFERENCES cadastro.localidade,
  dotp_id                      integer NOT NULL REFERENCES cobranca.documento_tipo,
  dotp_idagregador             integer REFERENCES cobranca.documento_tipo,
  cbdo_id                      integer,
  avbc_id                      integer NOT NULL REFERENCES arrecadacao.aviso_bancario,
  amit_id                      integer REFERENCES arrecadacao.arrecadador_mov_item,
  arfm_id                      integer REFERENCES arrecadacao.arrecadacao_forma,
  imov_id                      integer REFERENCES cadastro.imovel,
  clie_id                      integer REFERENCES cadastro.cliente,
  pgmt_icexpurgado             smallint DEFAULT 2,
  pgmt_tmprocessamento         timestamp,
  pgmt_tmultimaalteracao       timestamp NOT NULL DEFAULT now()
);
CREATE INDEX xfk9_pagamento ON arrecadacao.pagamento (imov_id);
CREATE INDEX xfk2_pagamento ON arrecadacao.pagamento (cnta_id);
CREATE INDEX xix5_pagamento ON arrecadacao.pagamento (pgmt_dtpagamento);
CREATE INDEX xix6_pagamento ON arrecadacao.pagamento (pgmt_amreferenciaarrecadacao);

-- Closed payments: pghi_id = pgmt_id, pghi_tmultimaalteracao = time of the move.
CREATE TABLE arrecadacao.pagamento_historico (
  pghi_id                      integer PRIMARY KEY,
  pghi_vlpagamento             numeric(13,2) NOT NULL,
  pghi_vlexcedente             numeric(13,2),
  pghi_dtpagamento             date NOT NULL,
  pghi_amreferenciapagamento   integer,
  pghi_amreferenciaarrecadacao integer NOT NULL,
  pghi_amreferenciahistorico   integer,
  pgst_idatual                 integer NOT NULL REFERENCES arrecadacao.pagamento_situacao,
  pgst_idanterior              integer REFERENCES arrecadacao.pagamento_situacao,
  cnta_id                      integer REFERENCES faturamento.conta_geral,
  gpag_id                      integer,
  dbac_id                      integer,
  dbtp_id                      integer REFERENCES faturamento.debito_tipo,
  loca_id                      integer NOT NULL REFERENCES cadastro.localidade,
  dotp_id                      integer NOT NULL REFERENCES cobranca.documento_tipo,
  dotp_idagregador             integer REFERENCES cobranca.documento_tipo,
  cbdo_id                      integer,
  avbc_id                      integer REFERENCES arrecadacao.aviso_bancario,
  amit_id                      integer REFERENCES arrecadacao.arrecadador_mov_item,
  arfm_id                      integer REFERENCES arrecadacao.arrecadacao_forma,
  imov_id                      integer REFERENCES cadastro.imovel,
  clie_id                      integer REFERENCES cadastro.cliente,
  pghi_cdagente                integer,
  pghi_icexpurgado             smallint DEFAULT 2,
  pghi_tmprocessamento         timestamp,
  pghi_tmultimaalteracao       timestamp NOT NULL DEFAULT now()
);
CREATE INDEX xfk8_pagamento_historico ON arrecadacao.pagamento_historico (imov_id);
CREATE INDEX xix5_pagamento_historico ON arrecadacao.pagamento_historico (pghi_dtpagamento);

CREATE TABLE cadastro.cliente_endereco (
  cled_id                    integer PRIMARY KEY,
  clie_id                    integer NOT NULL REFERENCES cadastro.cliente,
  edtp_id                    integer NOT NULL,
  cled_nnimovel              char(5),
  cled_dscomplementoendereco varchar(25),
  lgbr_id                    integer REFERENCES cadastro.logradouro_bairro,
  lgcp_id                    integer REFERENCES cadastro.logradouro_cep,
  cled_icenderecocorrespondencia smallint,
  cled_tmultimaalteracao     timestamp NOT NULL DEFAULT now()
);

CREATE TABLE cadastro.cliente_conta_historico (
  clch_id                integer PRIMARY KEY,
  clie_id                integer NOT NULL REFERENCES cadastro.cliente,
  cnta_id                integer NOT NULL REFERENCES faturamento.conta_historico,
  crtp_id                integer NOT NULL REFERENCES cadastro.cliente_relacao_tipo,
  clch_icnomeconta       smallint NOT NULL,
  clch_tmultimaalteracao timestamp NOT NULL DEFAULT now()
);

CREATE TABLE faturamento.guia_pagamento_geral (
  gpag_id                integer PRIMARY KEY,
  gpge_ichistorico       smallint NOT NULL,
  gpge_tmultimaalteracao timestamp NOT NULL DEFAULT now()
);

CREATE TABLE faturamento.guia_pagamento (
  gpag_id                   integer PRIMARY KEY REFERENCES faturamento.guia_pagamento_geral,
  loca_id                   integer NOT NULL REFERENCES cadastro.localidade,
  imov_id                   integer REFERENCES cadastro.imovel,
  clie_id                   integer REFERENCES cadastro.cliente,
  dbtp_id                   integer NOT NULL REFERENCES faturamento.debito_tipo,
  dotp_id                   integer REFERENCES cobranca.documento_tipo,
  gpag_amreferenciacontabil integer NOT NULL,
  gpag_dtemissao            date NOT NULL,
  gpag_dtvencimento         date NOT NULL,
  gpag_vldebito             numeric(13,2) NOT NULL,
  gpag_nnprestacaodebito    smallint,
  gpag_nnprestacaototal     smallint,
  gpag_iccobrancamulta      smallint NOT NULL,
  fntp_id                   integer NOT NULL,
  lict_id                   integer NOT NULL,
  dcst_idatual              integer NOT NULL REFERENCES faturamento.debito_credito_situacao,
  dcst_idanterior           integer REFERENCES faturamento.debito_credito_situacao,
  rgat_id                   integer,
  parc_id                   integer,
  gpag_tmultimaalteracao    timestamp NOT NULL DEFAULT now()
);

CREATE TABLE faturamento.debito_a_cobrar_geral (
  dbac_id                integer PRIMARY KEY,
  dage_ichistorico       smallint NOT NULL,
  dage_tmultimaalteracao timestamp NOT NULL DEFAULT now()
);

CREATE TABLE faturamento.debito_a_cobrar (
  dbac_id                   integer PRIMARY KEY REFERENCES faturamento.debito_a_cobrar_geral,
  imov_id                   integer NOT NULL REFERENCES cadastro.imovel,
  dbtp_id                   integer NOT NULL REFERENCES faturamento.debito_tipo,
  dbac_tmatudebito          timestamp NOT NULL DEFAULT now(),
  dbac_amreferenciadebito   integer,
  dbac_amcobrancadebito     integer,
  dbac_amreferenciacontabil integer NOT NULL,
  dbac_vldebito             numeric(13,2) NOT NULL,
  dbac_nnprestacaodebito    smallint NOT NULL,
  dbac_nnprestacaocobradas  smallint NOT NULL,
  loca_id                   integer NOT NULL REFERENCES cadastro.localidade,
  qdra_id                   integer NOT NULL REFERENCES cadastro.quadra,
  fntp_id                   integer NOT NULL,
  lict_id                   integer NOT NULL,
  cbfm_id                   integer NOT NULL,
  dcst_idatual              integer NOT NULL REFERENCES faturamento.debito_credito_situacao,
  dcst_idanterior           integer REFERENCES faturamento.debito_credito_situacao,
  parc_id                   integer,
  dbac_tmultimaalteracao    timestamp NOT NULL DEFAULT now()
);

CREATE TABLE cobranca.cobranca_documento (
  cbdo_id                   integer PRIMARY KEY,
  imov_id                   integer REFERENCES cadastro.imovel,
  clie_id                   integer REFERENCES cadastro.cliente,
  dotp_id                   integer NOT NULL REFERENCES cobranca.documento_tipo,
  demf_id                   integer NOT NULL,
  loca_id                   integer REFERENCES cadastro.localidade,
  cbdo_nnsequenciadocumento integer NOT NULL,
  cbdo_tmemissao            timestamp,
  cbdo_vldocumento          numeric(13,2),
  cbdo_vldesconto           numeric(13,2),
  cbdo_vltaxa               numeric(13,2),
  cbdo_vlacrescimos         numeric(13,2) NOT NULL,
  cdst_id                   integer,
  cbdo_dtsituacaodebito     date,
  cbdo_tmultimaalteracao    timestamp NOT NULL DEFAULT now()
);

CREATE TABLE cobranca.cobranca_documento_item (
  cdit_id                integer PRIMARY KEY,
  cbdo_id                integer NOT NULL REFERENCES cobranca.cobranca_documento,
  dotp_id                integer NOT NULL REFERENCES cobranca.documento_tipo,
  cnta_id                integer REFERENCES faturamento.conta_geral,
  gpag_id                integer REFERENCES faturamento.guia_pagamento_geral,
  dbac_id                integer REFERENCES faturamento.debito_a_cobrar_geral,
  cdit_vlitemcobrado     numeric(13,2),
  cdit_vlacrescimos      numeric(13,2),
  cdst_id                integer,
  cdit_dtsituacaodebito  date,
  cdit_tmultimaalteracao timestamp NOT NULL DEFAULT now(),
  UNIQUE (cbdo_id, dotp_id, cnta_id),
  UNIQUE (cbdo_id, dotp_id, gpag_id),
  UNIQUE (cbdo_id, dotp_id, dbac_id)
);

-- lagu_id = imov_id.
CREATE TABLE atendimentopublico.ligacao_agua (
  lagu_id                integer PRIMARY KEY REFERENCES cadastro.imovel,
  lagu_dtligacaoagua     date,
  lagu_dtcorte           date,
  lagu_dtreligacaoagua   date,
  lagu_dtsupressaoagua   date,
  lagu_dtrestabelecimentoagua date,
  lagd_id                integer NOT NULL,
  lagm_id                integer NOT NULL,
  hidi_id                integer,
  lagu_tmultimaalteracao timestamp NOT NULL DEFAULT now()
);

-- rgat_cdsituacao: 1 pending, 2 closed, 3 blocked.
CREATE TABLE atendimentopublico.registro_atendimento (
  rgat_id                   integer PRIMARY KEY,
  step_id                   integer NOT NULL,
  meso_id                   integer NOT NULL,
  imov_id                   integer REFERENCES cadastro.imovel,
  loca_id                   integer REFERENCES cadastro.localidade,
  rgat_cdsituacao           smallint NOT NULL,
  rgat_icatendimentoonline  smallint NOT NULL,
  rgat_tmregistroatendimento timestamp NOT NULL,
  rgat_dtprevistaoriginal   date NOT NULL,
  rgat_dtprevistaatual      date NOT NULL,
  rgat_tmencerramento       timestamp,
  amen_id                   integer,
  rgat_dsobservacao         varchar(400),
  rgat_dslocalocorrencia    varchar(200),
  rgat_dspontoreferencia    varchar(60),
  lgbr_id                   integer REFERENCES cadastro.logradouro_bairro,
  lgcp_id                   integer REFERENCES cadastro.logradouro_cep,
  rgat_nncoordenadanorte    numeric(16,4),
  rgat_nncoordenadaleste    numeric(16,4),
  unid_idatual              integer,
  rgat_tmultimaalteracao    timestamp NOT NULL DEFAULT now()
);

-- orse_cdsituacao: 1 pending, 2 closed, 3 in execution, 4 waits for release.
CREATE TABLE atendimentopublico.ordem_servico (
  orse_id                   integer PRIMARY KEY,
  rgat_id                   integer REFERENCES atendimentopublico.registro_atendimento,
  cbdo_id                   integer REFERENCES cobranca.cobranca_documento,
  imov_id                   integer REFERENCES cadastro.imovel,
  svtp_id                   integer NOT NULL,
  orse_cdsituacao           smallint NOT NULL,
  orse_tmgeracao            timestamp NOT NULL,
  orse_tmemissao            timestamp,
  orse_tmencerramento       timestamp,
  amen_id                   integer,
  orse_dsparecerencerramento varchar(400),
  orse_vlservicoatual       numeric(13,2),
  stpr_idoriginal           integer NOT NULL,
  stpr_idatual              integer NOT NULL,
  orse_iccomercialatualizado smallint NOT NULL,
  orse_icdiagnostico        smallint NOT NULL,
  orse_icprogramada         smallint NOT NULL DEFAULT 1,
  orse_icencerramentoautomatico smallint NOT NULL DEFAULT 2,
  orse_icboletim            smallint NOT NULL DEFAULT 2,
  unid_idatual              integer NOT NULL,
  orse_tmultimaalteracao    timestamp NOT NULL DEFAULT now()
);

-- Readings: lagu_id for a meter on the network, imov_id only for a well.
CREATE TABLE micromedicao.medicao_historico (
  mdhi_id                        integer PRIMARY KEY,
  lagu_id                        integer REFERENCES atendimentopublico.ligacao_agua,
  imov_id                        integer REFERENCES cadastro.imovel,
  medt_id                        integer NOT NULL,
  mdhi_amleitura                 integer NOT NULL,
  mdhi_dtleitantfatmt            date NOT NULL,
  mdhi_nnleitantfatmt            integer NOT NULL,
  mdhi_dtleituraatualfaturamento date NOT NULL,
  mdhi_nnleituraatualfaturamento integer NOT NULL,
  mdhi_nnconsumomedidomes        integer,
  mdhi_nnconsumomediohidrometro  integer,
  ltan_idleitanormfatmt          integer,
  mdhi_icanalisado               smallint NOT NULL DEFAULT 2,
  mdhi_tmultimaalteracao         timestamp NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX xak_medicao_historico ON micromedicao.medicao_historico (lagu_id, medt_id, mdhi_amleitura)
  WHERE lagu_id IS NOT NULL;

-- lgti_id: 1 water, 2 sewage.
CREATE TABLE micromedicao.consumo_historico (
  cshi_id                   integer PRIMARY KEY,
  imov_id                   integer NOT NULL REFERENCES cadastro.imovel,
  lgti_id                   integer NOT NULL,
  cshi_amfaturamento        integer NOT NULL,
  cshi_nnconsumofaturadomes integer,
  cshi_nnconsumomedio       integer,
  cshi_nnconsumominimo      integer,
  cshi_icfaturamento        smallint,
  cstp_id                   integer NOT NULL,
  csan_id                   integer,
  cshi_tmultimaalteracao    timestamp NOT NULL DEFAULT now(),
  UNIQUE (cshi_amfaturamento, imov_id, lgti_id)
);

-- Records sent to a credit bureau; nmrg_cdexclusaotipo is set when the record was withdrawn.
CREATE TABLE cobranca.negatd_movimento_reg (
  nmrg_id                integer PRIMARY KEY,
  ngmv_id                integer NOT NULL,
  nmrg_idreginclusao     integer REFERENCES cobranca.negatd_movimento_reg,
  nrtp_id                integer NOT NULL,
  imov_id                integer REFERENCES cadastro.imovel,
  clie_id                integer REFERENCES cadastro.cliente,
  nmrg_nncpf             varchar(11),
  nmrg_nncnpj            varchar(14),
  nmrg_vldebito          numeric(11,2),
  nmrg_icaceito          smallint,
  nmrg_cdexclusaotipo    integer,
  nmrg_icsitdefinitiva   smallint NOT NULL,
  nmrg_nnregistro        integer NOT NULL,
  nmrg_tmultimaalteracao timestamp
);

ALTER TABLE arrecadacao.pagamento
  ADD FOREIGN KEY (gpag_id) REFERENCES faturamento.guia_pagamento_geral,
  ADD FOREIGN KEY (dbac_id) REFERENCES faturamento.debito_a_cobrar_geral ON DELETE SET NULL,
  ADD FOREIGN KEY (cbdo_id) REFERENCES cobranca.cobranca_documento;

ALTER TABLE arrecadacao.pagamento_historico
  ADD FOREIGN KEY (gpag_id) REFERENCES faturamento.guia_pagamento_geral,
  ADD FOREIGN KEY (dbac_id) REFERENCES faturamento.debito_a_cobrar_geral,
  ADD FOREIGN KEY (cbdo_id) REFERENCES cobranca.cobranca_documento;
