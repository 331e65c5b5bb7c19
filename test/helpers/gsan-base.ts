import { readFile } from "node:fs/promises";
import pg from "pg";
import { createEmptyDatabase } from "./database.ts";
import type { Clock } from "../../src/platform/clock.ts";
import { createLog } from "../../src/platform/log.ts";
import { Secret } from "../../src/platform/secret.ts";
import { signClaims } from "../../src/platform/signed-claims.ts";
import { startBase, type Base } from "../../src/gsan/base/start-base.ts";

export type GsanBase = { url: string; run(sql: string): Promise<void> } & AsyncDisposable;

/** A small GSAN base with the cases that the tests ask for; UTF8 or LATIN1. All data is invented. */
export async function createGsanBase(encoding: "UTF8" | "LATIN1" = "UTF8"): Promise<GsanBase> {
  const outer = await createEmptyDatabase();
  const name = `${outer.name}_gsan`;
  await runOn(outer.url, `CREATE DATABASE ${name} ENCODING '${encoding}' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0`);
  const url = new URL(outer.url);
  url.pathname = `/${name}`;
  await runOn(url.href, await readFile(new URL("../../src/gsan/demo/gsan-schema.sql", import.meta.url), "utf8"));
  await runOn(url.href, rows);
  return {
    url: url.href,
    run: (sql) => runOn(url.href, sql),
    async [Symbol.asyncDispose]() {
      await runOn(outer.url, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
      await outer[Symbol.asyncDispose]();
    },
  };
}

async function runOn(url: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}

/** Noon of the day of the examples of the reference; the utility's day is 2026-11-24. */
export const noon = new Date("2026-11-24T15:00:00Z");

export function clockAt(instant: Date): Clock {
  return { now: () => instant, monotonicMs: () => performance.now() };
}

export const identityKey = Buffer.alloc(32, 7);
export const credential = new Secret("service-credential-of-the-test");

export type Call = { method?: string; body?: unknown; text?: string; headers?: Record<string, string>; operation?: string };
export type Reply = { status: number; text: string; json: Record<string, unknown>; headers: Headers };

export type TestBase = Base & { call(operation: string, path: string, call?: Call): Promise<Reply> } & AsyncDisposable;

/** The service over a base; `call` presents what the gateway would. */
export async function startTestBase(gsanUrl: string, now: Date = noon): Promise<TestBase> {
  const base = await startBase({
    host: "127.0.0.1",
    port: 0,
    gsanUrl,
    credential,
    identityKey,
    log: createLog("silent"),
    clock: clockAt(now),
    timeZone: "America/Recife",
  });
  const call = async (operation: string, path: string, call: Call = {}): Promise<Reply> => {
    const headers = {
      ...gatewayHeaders(operation, now),
      ...(call.body === undefined && call.text === undefined ? {} : { "content-type": "application/json" }),
    };
    const body = call.text ?? (call.body === undefined ? undefined : JSON.stringify(call.body));
    return send(`${base.url}${path}`, {
      method: call.method ?? (body === undefined ? "GET" : "POST"),
      headers: { ...headers, ...call.headers },
      ...(body === undefined ? {} : { body }),
    });
  };
  return { ...base, call, [Symbol.asyncDispose]: () => base.drain() };
}

export function gatewayHeaders(operation: string, now: Date = noon, exp = Math.floor(now.getTime() / 1000) + 30): Record<string, string> {
  const claims = { tenant: "t", partner: "p", license: "l", license_version: 1, access: "a", operation, request_id: "req_test", exp };
  return { authorization: `Bearer ${credential.reveal()}`, "aqueduto-identity": signClaims(identityKey, claims) };
}

export async function send(url: string, init: RequestInit): Promise<Reply> {
  const response = await fetch(url, init);
  const text = await response.text();
  return { status: response.status, text, json: asRecord(JSON.parse(text)), headers: response.headers };
}

function asRecord(value: unknown): Record<string, unknown> {
  if (typeof value !== "object" || value === null) throw new TypeError("an object was expected");
  return { ...value };
}

function bill(
  id: number,
  month: number,
  more: { due: string; water: string; situation?: number; review?: boolean; property?: number; fee?: number },
): string {
  const review = more.review === true ? "'2026-11-01', 3" : "NULL, NULL";
  return `
  INSERT INTO faturamento.conta_geral (cnta_id, cntg_ichistorico) VALUES (${id}, 2);
  INSERT INTO faturamento.conta (cnta_id, imov_id, cnta_amreferenciaconta, cnta_amreferenciacontabil, last_id, lest_id, loca_id, qdra_id, cstf_id,
    cnta_dgverificadorconta, cnta_iccobrancamulta, cnta_nnconsumoagua, cnta_vlagua, cnta_vlesgoto, cnta_vldebitos, cnta_vlcreditos, cnta_vlimpostos, cnta_pcesgoto,
    cnta_dtvencimentoconta, cnta_dtvencimentooriginal, cnta_dtemissao, cnta_dtrevisao, cmrv_id, dcst_idatual)
  VALUES (${id}, ${more.property ?? 123455}, ${month}, ${month}, 3, 1, 1, 1, 1, 0, ${more.fee ?? 2}, 13, ${more.water}, 0, 0, 0, NULL, 0,
    '${more.due}', '${more.due}', '2026-09-20', ${review}, ${more.situation ?? 0});`;
}

function payment(
  id: number,
  more: { bill?: number; amount: string; on: string; history?: boolean; property?: number; slip?: number },
): string {
  const [table, x] = more.history === true ? ["pagamento_historico", "pghi"] : ["pagamento", "pgmt"];
  const situation = more.history === true ? "0" : "NULL";
  return `
  INSERT INTO arrecadacao.${table} (${x}_id, ${x}_vlpagamento, ${x}_dtpagamento, ${x}_amreferenciapagamento, ${x}_amreferenciaarrecadacao, pgst_idatual,
    cnta_id, gpag_id, loca_id, dotp_id, avbc_id, arfm_id, imov_id)
  VALUES (${id}, ${more.amount}, '${more.on}', 202608, 202609, ${situation}, ${more.bill ?? "NULL"}, ${more.slip ?? "NULL"}, 1, 1, 1, 90, ${more.property ?? 123455});`;
}

function property(id: number, more: { excluded?: number; road?: boolean } = {}): string {
  const road = more.road === true ? "1, 1" : "NULL, NULL";
  return `
  INSERT INTO cadastro.imovel (imov_id, loca_id, stcm_id, qdra_id, imov_nnlote, imov_nnsublote, imov_nnimovel, imov_dscomplementoendereco, lgbr_id, lgcp_id,
    last_id, lest_id, iper_id, cstf_id, imov_qteconomia, imov_ddvencimento, imov_icdebitoconta, imov_icimovelcondominio, imov_icexclusao, imov_idcategoriaprincipal)
  VALUES (${id}, 1, 1, 1, 1, 0, 'S/N', '', ${road}, 3, 1, 1, 1, 1, 10, 2, 2, ${more.excluded ?? 2}, 1);`;
}

const rows = `
  INSERT INTO cadastro.municipio (muni_id, muni_nmmunicipio, muni_cdibge, unfe_id, muni_icuso) VALUES (1, 'TESTE', '2600000', 1, 1);
  INSERT INTO cadastro.localidade (loca_id, loca_nmlocalidade, loca_cdelo, greg_id, uneg_id, muni_idprincipal, loca_icuso)
    VALUES (1, 'SÃO JOSÉ', 1, 1, 1, 1, 1), (2, 'ALTO', 2, 1, 1, NULL, 2), (3, 'BAIXO', 3, 1, 1, 1, 1);
  INSERT INTO cadastro.setor_comercial (stcm_id, loca_id, stcm_cdsetorcomercial, stcm_nmsetorcomercial, muni_id) VALUES (1, 1, 1, 'S', 1);
  INSERT INTO cadastro.bairro (bair_id, muni_id, bair_cdbairro, bair_nmbairro) VALUES (1, 1, 1, 'BOA VISTA');
  INSERT INTO cadastro.quadra (qdra_id, stcm_id, qdra_nnquadra, bair_id, rota_id) VALUES (1, 1, 1, 1, 1);
  INSERT INTO cadastro.logradouro (logr_id, logr_nmlogradouro, lgtp_id, muni_id) VALUES (1, 'CONCEIÇÃO', 1, 1);
  INSERT INTO cadastro.cep (cep_id, cep_cdcep, cep_dsufsigla) VALUES (1, 5001000, 'PE');
  INSERT INTO cadastro.logradouro_bairro (lgbr_id, logr_id, bair_id) VALUES (1, 1, 1);
  INSERT INTO cadastro.logradouro_cep (lgcp_id, logr_id, cep_id, lgcp_icuso) VALUES (1, 1, 1, 1);
  INSERT INTO cadastro.cliente (clie_id, clie_nmcliente, cltp_id, clie_nncpf, clie_nncnpj, clie_nnrg, clie_dtnascimento, clie_nnmae, clie_dsemail, clie_icuso) VALUES
    (1400, 'MARIA JOSÉ TESTE ', 1, '11144477735', NULL, 'RG-SEGREDO', '1980-01-02', 'MAE SEGREDO', 'maria@example.org', 1),
    (1401, 'EMPRESA TESTE', 2, NULL, '12ABC34501DE35', NULL, NULL, NULL, NULL, 1),
    (1402, 'INATIVO TESTE', 1, '52998224725', NULL, NULL, NULL, NULL, NULL, 2),
    (1403, 'DONO TESTE', 1, '39053344705', NULL, NULL, NULL, NULL, NULL, 1),
    (1404, 'SEM DOCUMENTO', 1, '00000000000', NULL, NULL, NULL, NULL, NULL, 1),
    (1405, 'ANTIGO TESTE', 1, '15350946056', NULL, NULL, NULL, NULL, NULL, 1);
  ${property(123455, { road: true })} ${property(200018)} ${property(200026, { excluded: 1 })} ${property(300004)} ${property(300012)} ${property(400009)}
  INSERT INTO cadastro.cliente_imovel (clim_id, clie_id, imov_id, crtp_id, clim_dtrelacaofim, clim_icnomeconta) VALUES
    (1, 1403, 123455, 1, NULL, 2), (2, 1400, 123455, 2, NULL, 1), (3, 1405, 123455, 2, '2020-01-01', 2),
    (4, 1402, 200018, 2, NULL, 1), (5, 1400, 200026, 2, NULL, 1), (6, 1401, 300004, 3, NULL, 1), (7, 1401, 300012, 3, NULL, 1),
    (8, 1404, 400009, 2, NULL, 1);
  INSERT INTO arrecadacao.arrecadador (arrc_id, clie_id, arrc_cdagente) VALUES (1, 1401, 104);
  INSERT INTO arrecadacao.aviso_bancario (avbc_id, avbc_dtlancamento, avbc_amreferenciaarrecadacao, avbc_iccreditodebito, arrc_id, avbc_nndocumento, ctbc_id,
    avbc_vlcontabilizado, avbc_vlarrecadacaocalculado, avbc_vldevolucaocalculado, avbc_vlarrecadacaoinformado, avbc_vldevolucaoinformado)
    VALUES (1, '2026-11-01', 202611, 1, 1, 1, 1, 0, 0, 0, 0, 0);
  ${bill(900001, 202609, { due: "2026-10-10", water: "85.40" })}
  ${bill(900002, 202611, { due: "2026-12-10", water: "0.01" })}
  ${bill(900003, 202610, { due: "2026-11-24", water: "9999999.99" })}
  ${bill(900004, 202608, { due: "2026-09-10", water: "50.00" })}
  ${bill(900005, 202607, { due: "2026-08-10", water: "50.00", situation: 3 })}
  ${bill(900006, 202606, { due: "2026-07-10", water: "10.00", review: true })}
  ${bill(900007, 202612, { due: "2027-01-10", water: "10.00", situation: 9 })}
  ${bill(900010, 202609, { due: "2026-10-10", water: "10.00", property: 200026 })}
  ${bill(900011, 202609, { due: "2026-10-10", water: "100.00", property: 300004, fee: 1 })}
  INSERT INTO faturamento.conta_geral (cnta_id, cntg_ichistorico) VALUES (900008, 1);
  INSERT INTO faturamento.conta_historico (cnta_id, imov_id, cnhi_amreferenciaconta, last_id, lest_id, loca_id, qdra_id, cstf_id, cnhi_dgverificadorconta,
    cnhi_iccobrancamulta, cnhi_vlagua, cnhi_vlesgoto, cnhi_vldebitos, cnhi_vlcreditos, cnhi_vlimpostos, cnhi_pcesgoto, cnhi_dtvencimentoconta, cnhi_dtvencimentooriginal, dcst_idatual)
    VALUES (900008, 123455, 202601, 3, 1, 1, 1, 1, 0, 2, 40.10, 20.05, 3.00, 1.15, 2.00, 50, '2026-02-10', '2026-02-10', 0);
  INSERT INTO faturamento.guia_pagamento_geral (gpag_id, gpge_ichistorico) VALUES (5001, 2), (5002, 2);
  INSERT INTO faturamento.guia_pagamento (gpag_id, loca_id, imov_id, dbtp_id, gpag_amreferenciacontabil, gpag_dtemissao, gpag_dtvencimento, gpag_vldebito,
    gpag_iccobrancamulta, fntp_id, lict_id, dcst_idatual) VALUES
    (5001, 1, 123455, 10, 202611, '2026-11-01', '2026-12-01', 180.00, 2, 1, 1, 0), (5002, 1, 123455, 10, 202610, '2026-10-01', '2026-11-01', 180.00, 2, 1, 1, 0);
  ${payment(101, { bill: 900008, amount: "59.99", on: "2026-02-09", history: true })}
  ${payment(102, { amount: "0.01", on: "2026-03-09", history: true })}
  ${payment(103, { amount: "9999999.99", on: "2026-04-09", history: true })}
  ${payment(104, { bill: 900004, amount: "50.00", on: "2026-09-09" })}
  ${payment(105, { slip: 5002, amount: "180.00", on: "2026-10-30" })}
  ${payment(106, { amount: "7.00", on: "2026-10-31", property: 200018 })}
  ${payment(104, { bill: 900004, amount: "50.00", on: "2026-09-09", history: true })}
  INSERT INTO atendimentopublico.ligacao_agua (lagu_id, lagd_id, lagm_id) VALUES (123455, 1, 1);
  INSERT INTO micromedicao.medicao_historico (mdhi_id, lagu_id, medt_id, mdhi_amleitura, mdhi_dtleitantfatmt, mdhi_nnleitantfatmt, mdhi_dtleituraatualfaturamento,
    mdhi_nnleituraatualfaturamento, mdhi_nnconsumomedidomes) VALUES
    (1, 123455, 1, 202609, '2026-08-13', 1419, '2026-09-12', 1432, 13), (2, 123455, 1, 202508, '2025-07-13', 1000, '2025-08-12', 1010, 10);
  INSERT INTO micromedicao.consumo_historico (cshi_id, imov_id, lgti_id, cshi_amfaturamento, cshi_nnconsumofaturadomes, cshi_nnconsumomedio, cstp_id) VALUES
    (1, 123455, 1, 202609, 13, 12, 1), (2, 123455, 2, 202609, 10, 10, 1), (3, 123455, 1, 202610, 15, 12, 1);
`;
