import pg from "pg";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { createEmptyDatabase } from "../../../test/helpers/database.ts";
import type { DemoBaseProgress } from "../../contract/demo-port.ts";
import { AppError } from "../../contract/errors.ts";
import { createDemoBase, rebuildDemoBase } from "./create-demo-base.ts";
import type { DemoBase, DemoBaseOptions } from "./create-demo-base.ts";
import { hasMatriculaDigit, isCnpj, isCpf } from "./document-digits.ts";
import { baseTables } from "./fill/base-tables.ts";
import { showcaseProperty } from "./showcase-property.ts";

// whole databases are built here, on machines that may be busy
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const REFERENCE = "2026-11-24";

let host: Awaited<ReturnType<typeof createEmptyDatabase>>;
const names: string[] = [];

function options(suffix: string, more: Partial<DemoBaseOptions> = {}): DemoBaseOptions {
  const name = `${host.name}_${suffix}`;
  names.push(name, `${name}_building`);
  const reader = { role: `${host.name}_reader`, password: "p@ss/word: with? signs" };
  return { adminUrl: host.url, name, reader, properties: 100, seed: 3, referenceDate: REFERENCE, ...more };
}

async function connected<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

beforeAll(async () => {
  host = await createEmptyDatabase();
});
afterAll(async () => {
  await connected(host.url, async (admin) => {
    for (const name of names) {
      await admin.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
    }
    await admin.query(`DROP ROLE IF EXISTS ${host.name}_reader`);
  });
  await host[Symbol.asyncDispose]();
});

describe("a filled base", () => {
  let base: DemoBase;
  let client: pg.Client;
  const progress: DemoBaseProgress[] = [];

  beforeAll(async () => {
    base = await createDemoBase(options("filled", { properties: 2_000, onProgress: (step) => progress.push(step) }));
    client = new pg.Client({ connectionString: base.url });
    await client.connect();
  });
  afterAll(() => client.end());

  async function number(text: string, values: unknown[] = []): Promise<number> {
    const { rows } = await client.query<{ n: string }>(`SELECT (${text})::numeric AS n`, values);
    return Number(rows[0]?.n);
  }

  test("every generated table has rows, and every reference holds", async () => {
    for (const table of Object.keys(baseTables)) {
      expect({ table, filled: (await number(`SELECT count(*) FROM ${table}`)) > 0 }).toEqual({ table, filled: true });
    }
    expect(
      await number("SELECT count(*) FROM pg_constraint WHERE contype = 'f' AND connamespace::regnamespace::text = 'arrecadacao'"),
    ).toBeGreaterThan(30);
    expect(await number("SELECT count(*) FROM pg_constraint WHERE contype = 'f' AND NOT convalidated")).toBe(0);
    expect(await number("SELECT count(*) FROM pg_indexes WHERE indexname IN ('xak2_cliente_imovel', 'xfk9_pagamento', 'xix8_conta')")).toBe(
      3,
    );
  });

  test("progress ends with all properties and the rows that are there", async () => {
    let rows = 0;
    for (const table of Object.keys(baseTables)) {
      rows += await number(`SELECT count(*) FROM ${table}`);
    }
    const last = progress.at(-1);
    expect(last).toMatchObject({ step: "ready", done: true, properties_done: 2_000, rows });
    expect(last?.rows_per_second).toBe(Math.round(rows / (last?.seconds ?? 0)));
    expect(progress.filter(({ done }) => done)).toHaveLength(1);
  });

  test("documents are valid but for the wrong digits, missing and shared ones that real bases have", async () => {
    const { rows } = await client.query<{ cpf: string | null; cnpj: string | null }>(
      "SELECT clie_nncpf AS cpf, clie_nncnpj AS cnpj FROM cadastro.cliente WHERE clie_id > 10",
    );
    const cpfs = rows.flatMap(({ cpf }) => (cpf === null ? [] : [cpf]));
    const cnpjs = rows.flatMap(({ cnpj }) => (cnpj === null ? [] : [cnpj]));
    const share = (part: number, whole: number): number => part / whole;
    expect(share(cpfs.filter(isCpf).length, cpfs.length)).toBeGreaterThan(0.97);
    expect(cpfs.some((cpf) => !isCpf(cpf))).toBe(true);
    expect(cnpjs.filter(isCnpj).length).toBeGreaterThan(0.9 * cnpjs.length);
    expect(cnpjs.some((cnpj) => isCnpj(cnpj) && /[A-Z]/.test(cnpj))).toBe(true);
    expect(cpfs.length - new Set(cpfs).size).toBeGreaterThan(0);
    expect(share(rows.filter(({ cpf, cnpj }) => cpf === null && cnpj === null).length, rows.length)).toBeCloseTo(0.05, 1);
  });

  test("about one matrícula in a hundred has no valid digit, all others do", async () => {
    const { rows } = await client.query<{ imov_id: number }>("SELECT imov_id FROM cadastro.imovel");
    const wrong = rows.filter(({ imov_id }) => !hasMatriculaDigit(imov_id)).length;
    expect(wrong).toBeGreaterThan(5);
    expect(wrong).toBeLessThan(45);
  });

  test("every property has one current user, and the links have a long tail", async () => {
    expect(
      await number(`SELECT count(*) FROM cadastro.imovel i WHERE 1 <> (SELECT count(*) FROM cadastro.cliente_imovel r
      WHERE r.imov_id = i.imov_id AND r.crtp_id = 2 AND r.clim_dtrelacaofim IS NULL)`),
    ).toBe(0);
    expect(
      await number(`SELECT count(*) FROM cadastro.imovel i WHERE 1 <> (SELECT count(*) FROM cadastro.cliente_imovel r
      WHERE r.imov_id = i.imov_id AND r.clim_icnomeconta = 1 AND r.clim_dtrelacaofim IS NULL)`),
    ).toBe(0);
    expect(
      await number(`SELECT max(n) FROM (SELECT count(*) AS n FROM cadastro.cliente_imovel
      WHERE crtp_id = 2 AND clim_dtrelacaofim IS NULL GROUP BY clie_id) c`),
    ).toBeGreaterThan(30);
    expect(await number("SELECT count(*) FROM cadastro.cliente_imovel WHERE clim_dtrelacaofim IS NOT NULL")).toBeGreaterThan(100);
  });

  test("statuses, categories and unpaid shares lie near what was asked", async () => {
    expect(await number("SELECT avg((last_id = 3)::int) FROM cadastro.imovel")).toBeCloseTo(0.82, 1);
    expect(await number("SELECT avg((imov_idcategoriaprincipal = 1)::int) FROM cadastro.imovel")).toBeCloseTo(0.92, 1);
    expect(await number("SELECT avg((arfm_id = 90)::int) FROM arrecadacao.pagamento_historico")).toBeCloseTo(0.35, 1);
    expect(await number("SELECT avg((pgst_idatual = 0)::int) FROM arrecadacao.pagamento WHERE pgst_idatual IS NOT NULL")).toBeGreaterThan(
      0.8,
    );
  });

  test("all but the last two months are closed: bills, their clients and payments stand in the history", async () => {
    expect(await number("SELECT max(pghi_amreferenciaarrecadacao) FROM arrecadacao.pagamento_historico")).toBe(202_609);
    expect(
      await number("SELECT count(*) FROM arrecadacao.pagamento WHERE pgst_idatual = 0 AND pgmt_amreferenciaarrecadacao < 202610"),
    ).toBe(0);
    expect(
      await number(`SELECT count(*) FROM faturamento.conta_geral g
      WHERE (cntg_ichistorico = 1) <> EXISTS (SELECT FROM faturamento.conta_historico h WHERE h.cnta_id = g.cnta_id)
         OR (cntg_ichistorico = 2) <> EXISTS (SELECT FROM faturamento.conta c WHERE c.cnta_id = g.cnta_id)`),
    ).toBe(0);
    expect(
      await number(`SELECT count(*) FROM faturamento.conta_historico h WHERE NOT EXISTS (
      SELECT FROM cadastro.cliente_conta_historico c WHERE c.cnta_id = h.cnta_id AND c.clch_icnomeconta = 1)`),
    ).toBe(0);
    expect(
      await number(`SELECT count(*) FROM faturamento.conta h WHERE NOT EXISTS (
      SELECT FROM cadastro.cliente_conta c WHERE c.cnta_id = h.cnta_id AND c.clct_icnomeconta = 1)`),
    ).toBe(0);
    expect(
      await number(`SELECT count(*) FROM arrecadacao.pagamento p JOIN arrecadacao.pagamento_historico h ON h.pghi_id = p.pgmt_id`),
    ).toBe(0);
  });

  test("the last day is unclassified, and nothing is younger than the reference date", async () => {
    expect(await number("SELECT count(*) FROM arrecadacao.pagamento WHERE pgmt_tmprocessamento::date = $1", [REFERENCE])).toBeGreaterThan(
      5,
    );
    expect(
      await number("SELECT count(*) FROM arrecadacao.pagamento WHERE (pgst_idatual IS NULL) <> (pgmt_tmprocessamento::date = $1)", [
        REFERENCE,
      ]),
    ).toBe(0);
    expect(
      await number("SELECT count(*) FROM arrecadacao.pagamento WHERE pgmt_tmprocessamento > $1::date + 1 OR pgmt_dtpagamento > $1", [
        REFERENCE,
      ]),
    ).toBe(0);
    expect(await number("SELECT count(*) FROM faturamento.conta WHERE cnta_dtemissao > $1", [REFERENCE])).toBe(0);
  });

  test("payment numbers rise with the day of processing", async () => {
    expect(
      await number(`SELECT count(*) FROM (SELECT pgmt_tmprocessamento::date AS d, lag(pgmt_tmprocessamento::date) OVER (ORDER BY pgmt_id) AS before
      FROM arrecadacao.pagamento) p WHERE before > d`),
    ).toBe(0);
  });

  test("every file and notice adds up, but for the removed payment", async () => {
    const paid = `SELECT avbc_id, sum(v) AS total FROM (SELECT avbc_id, pgmt_vlpagamento AS v FROM arrecadacao.pagamento
      UNION ALL SELECT avbc_id, pghi_vlpagamento FROM arrecadacao.pagamento_historico) p GROUP BY avbc_id`;
    expect(
      await number(`SELECT count(*) FROM arrecadacao.aviso_bancario a LEFT JOIN (${paid}) p USING (avbc_id)
      WHERE a.avbc_vlarrecadacaocalculado IS DISTINCT FROM p.total`),
    ).toBe(0);
    expect(await number("SELECT sum(avbc_vlarrecadacaoinformado - avbc_vlarrecadacaocalculado) FROM arrecadacao.aviso_bancario")).toBe(
      73.5,
    );
    expect(
      await number(`SELECT count(*) FROM arrecadacao.arrecadador_movimento m
      WHERE armv_nnregistrosmovimento <> (SELECT count(*) FROM arrecadacao.arrecadador_mov_item i WHERE i.armv_id = m.armv_id)
         OR armv_vltotalmovimento <> (SELECT sum(avbc_vlarrecadacaoinformado) FROM arrecadacao.aviso_bancario a WHERE a.armv_id = m.armv_id)`),
    ).toBe(0);
  });

  test("the traps are there", async () => {
    const traps: Record<string, string> = {
      "removed payment": `FROM arrecadacao.arrecadador_mov_item i WHERE NOT EXISTS (SELECT FROM arrecadacao.pagamento p WHERE p.amit_id = i.amit_id)
        AND NOT EXISTS (SELECT FROM arrecadacao.pagamento_historico h WHERE h.amit_id = i.amit_id)`,
      "transferred payment": `FROM arrecadacao.pagamento p JOIN arrecadacao.arrecadador_mov_item i USING (amit_id) WHERE p.imov_id <> i.imov_id AND p.pgst_idanterior = 2`,
      "payment of nobody": "FROM arrecadacao.pagamento WHERE imov_id IS NULL AND cnta_id IS NULL AND clie_id IS NULL",
      "one cent": "FROM arrecadacao.pagamento WHERE pgmt_vlpagamento = 0.01",
      "largest amount": "FROM arrecadacao.pagamento WHERE pgmt_vlpagamento = 9999999.99",
      "skipped midnight": "FROM arrecadacao.pagamento_historico WHERE pghi_tmprocessamento = '2018-11-04 00:00:00'",
      "skipped midnight of birth": "FROM cadastro.cliente WHERE clie_dtnascimento = '1985-11-02'",
      accents: "FROM cadastro.cliente WHERE clie_nmcliente ~ '[ÁÂÃÇÉÊÍÓÔÕÚ]'",
      "CEP that lost its zero": "FROM cadastro.cep WHERE cep_cdcep < 10000000",
      "door S/N": "FROM cadastro.imovel WHERE imov_nnimovel = 'S/N'",
      "rectified bill": `FROM faturamento.conta_historico n JOIN faturamento.conta_historico o ON o.imov_id = n.imov_id
        AND o.cnhi_amreferenciaconta = n.cnhi_amreferenciaconta WHERE n.dcst_idatual = 1 AND o.dcst_idatual = 4`,
      "canceled bill": "FROM faturamento.conta WHERE dcst_idatual = 3 AND cnta_dtcancelamento IS NOT NULL",
      "bill in instalments": "FROM faturamento.conta_historico WHERE dcst_idatual = 5",
      "bill under review": "FROM faturamento.conta WHERE cnta_dtrevisao IS NOT NULL AND cmrv_id IS NOT NULL",
      "duplicate payment": "FROM arrecadacao.pagamento WHERE pgst_idatual = 1",
      excess: "FROM arrecadacao.pagamento WHERE pgst_idatual = 3 AND pgmt_vlexcedente > 0",
      "bill not found": "FROM arrecadacao.pagamento WHERE pgst_idatual = 2 AND cnta_id IS NULL AND imov_id IS NOT NULL",
      "value differs": "FROM arrecadacao.pagamento WHERE pgst_idatual = 5",
      guia: "FROM arrecadacao.pagamento WHERE gpag_id IS NOT NULL",
      "extrato of several bills": `FROM (SELECT amit_id FROM arrecadacao.pagamento_historico WHERE dotp_idagregador = 14 GROUP BY amit_id HAVING count(*) > 2) e`,
    };
    for (const [trap, source] of Object.entries(traps)) {
      expect({ trap, seeded: (await number(`SELECT count(*) ${source}`)) > 0 }).toEqual({ trap, seeded: true });
    }
  });

  test("sequences give numbers that nobody has", async () => {
    const pairs = [
      [
        "arrecadacao.seq_pagamento",
        "SELECT greatest((SELECT max(pgmt_id) FROM arrecadacao.pagamento), (SELECT max(pghi_id) FROM arrecadacao.pagamento_historico))",
      ],
      ["faturamento.seq_conta_geral", "SELECT max(cnta_id) FROM faturamento.conta_geral"],
      ["arrecadacao.seq_aviso_bancario", "SELECT max(avbc_id) FROM arrecadacao.aviso_bancario"],
      ["cadastro.seq_cliente", "SELECT max(clie_id) FROM cadastro.cliente"],
      ["cadastro.seq_imovel", "SELECT max(imov_id) / 10 FROM cadastro.imovel"],
    ];
    for (const [sequence, highest] of pairs) {
      expect(await number(`SELECT nextval('${sequence}')`)).toBeGreaterThan(await number(highest ?? ""));
    }
  });

  test("the reader reads, but neither hidden columns nor tables, and writes nothing", async () => {
    await connected(base.readerUrl, async (reader) => {
      expect((await reader.query("SELECT clie_nncpf, clie_nmcliente FROM cadastro.cliente LIMIT 1")).rowCount).toBe(1);
      expect((await reader.query("SELECT pgmt_id FROM arrecadacao.pagamento LIMIT 1")).rowCount).toBe(1);
      for (const refused of [
        "SELECT clie_nnmae FROM cadastro.cliente LIMIT 1",
        "SELECT amit_cnregistro FROM arrecadacao.arrecadador_mov_item LIMIT 1",
        "SELECT iper_id FROM cadastro.imovel LIMIT 1",
        "SELECT nmrg_nncpf FROM cobranca.negatd_movimento_reg LIMIT 1",
      ]) {
        await expect(reader.query(refused)).rejects.toMatchObject({ code: "42501" });
      }
      await reader.query("SET default_transaction_read_only = off");
      await expect(reader.query("DELETE FROM arrecadacao.pagamento")).rejects.toMatchObject({ code: "42501" });
      await expect(reader.query("SELECT nextval('arrecadacao.seq_pagamento')")).rejects.toMatchObject({ code: "42501" });
    });
  });

  test("the showcase property has valid digits, an open bill and a client of its own", async () => {
    const shown = await showcaseProperty(client);
    expect(shown !== undefined && isCpf(shown.cpf) && hasMatriculaDigit(shown.matricula)).toBe(true);
    expect(await number("SELECT count(*) FROM cadastro.cliente WHERE clie_nncpf = $1", [shown?.cpf])).toBe(1);
    expect(
      await number("SELECT count(*) FROM faturamento.conta WHERE imov_id = $1 AND dcst_idatual = 0", [shown?.matricula]),
    ).toBeGreaterThan(0);
  });

  test("a showcase property is found also when no open bill and no classified payment is left", async () => {
    await client.query("BEGIN");
    await client.query("UPDATE faturamento.conta SET cnta_dtrevisao = '2026-01-01'");
    await client.query("UPDATE arrecadacao.pagamento SET pgst_idatual = NULL");
    const shown = await showcaseProperty(client);
    await client.query("ROLLBACK");
    expect(shown !== undefined && isCpf(shown.cpf) && hasMatriculaDigit(shown.matricula)).toBe(true);
  });
});

async function checksum(url: string): Promise<string> {
  return connected(url, async (client) => {
    const { rows } = await client.query<{ tab: string }>(
      `SELECT schemaname || '.' || tablename AS tab FROM pg_tables
       WHERE schemaname IN ('cadastro', 'faturamento', 'arrecadacao', 'cobranca', 'atendimentopublico', 'micromedicao') ORDER BY 1`,
    );
    const sums: string[] = [];
    for (const { tab } of rows) {
      const sum = await client.query<{ sum: string }>(
        `SELECT md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), '')) AS sum FROM ${tab} t`,
      );
      sums.push(`${tab} ${sum.rows[0]?.sum}`);
    }
    return sums.join("\n");
  });
}

describe("building", () => {
  test("the same seed and date give the same database, in LATIN1 as in UTF8", async () => {
    const first = await createDemoBase(options("utf8"));
    const second = await createDemoBase(options("latin1", { encoding: "LATIN1" }));
    await connected(second.url, async (client) => {
      expect((await client.query("SHOW server_encoding")).rows).toEqual([{ server_encoding: "LATIN1" }]);
      expect((await client.query("SELECT count(*)::int AS n FROM cadastro.municipio WHERE muni_nmmunicipio LIKE '%ÇÃO'")).rows).toEqual([
        { n: 1 },
      ]);
    });
    // md5 works on bytes, and accents have other bytes in LATIN1: only the numbers' tables can be compared there
    const numbers = (text: string): string[] => text.split("\n").filter((line) => /arrecadacao\.pagamento|faturamento\.conta/.test(line));
    expect(numbers(await checksum(second.url))).toEqual(numbers(await checksum(first.url)));
    const again = await rebuildDemoBase(options("utf8_again"));
    expect(await checksum(again.url)).toBe(await checksum(first.url));
  });

  test("a finished base is kept, also with other numbers asked", async () => {
    const first = await createDemoBase(options("kept"));
    expect(first.built).toBe(true);
    const again = await createDemoBase(options("kept", { properties: 900 }));
    expect(again).toMatchObject({ built: false, properties: 100, url: first.url });
  });

  test("a base whose build was cut off is built anew", async () => {
    const wanted = options("cut");
    await expect(
      createDemoBase({
        ...wanted,
        onProgress: ({ rows }) => {
          if (rows > 1_000) {
            throw new Error("killed");
          }
        },
      }),
    ).rejects.toThrow("killed");
    const base = await createDemoBase(wanted);
    expect(base.built).toBe(true);
    const shown = await connected(base.url, (client) => client.query("SELECT count(*)::int AS n FROM cadastro.imovel"));
    expect(shown.rows).toEqual([{ n: 100 }]);
  });

  test("a base cut off just before its renaming is only renamed", async () => {
    const wanted = options("renamed");
    await expect(createDemoBase({ ...wanted, aroundSwap: () => Promise.reject(new Error("killed")) })).rejects.toThrow("killed");
    expect((await createDemoBase(wanted)).built).toBe(false);
  });

  test("a database of the name that no demo made is left alone", async () => {
    const wanted = options("foreign");
    await connected(host.url, (admin) => admin.query(`CREATE DATABASE ${wanted.name}`));
    await expect(createDemoBase(wanted)).rejects.toThrow(AppError);
    await expect(rebuildDemoBase(wanted)).rejects.toThrow(AppError);
    await connected(host.url, async (admin) => {
      expect((await admin.query("SELECT FROM pg_database WHERE datname = $1", [wanted.name])).rowCount).toBe(1);
    });
  });

  test("a rebuild replaces the base although somebody is connected to it", async () => {
    const first = await createDemoBase(options("replaced"));
    const reader = new pg.Client({ connectionString: first.readerUrl });
    const ended = new Promise((resolve) => reader.on("error", resolve));
    await reader.connect();
    const second = await rebuildDemoBase(options("replaced", { properties: 120 }));
    await ended;
    expect(second).toMatchObject({ built: true, properties: 120, readerUrl: first.readerUrl });
    const shown = await connected(second.readerUrl, (client) => client.query("SELECT count(*)::int AS n FROM cadastro.imovel"));
    expect(shown.rows).toEqual([{ n: 120 }]);
  });
});
