import { readFile } from "node:fs/promises";
import pg from "pg";
import { afterAll, expect } from "vitest";
import type { Db } from "../../src/db/database.ts";
import { tenantTx } from "../../src/db/tx.ts";
import { acquireLease, captureLeaseName } from "../../src/gsan/capture/capture-lease.ts";
import { type CaptureLimits, defaultLimits } from "../../src/gsan/capture/capture-limits.ts";
import type { CaptureBase, CaptureRun } from "../../src/gsan/capture/capture-run.ts";
import { probeGsanColumns } from "../../src/gsan/capture/gsan-columns.ts";
import { registerBase } from "../../src/gsan/capture/register-base.ts";
import { openGsan } from "../../src/gsan/connection/open-gsan.ts";
import type { Clock } from "../../src/platform/clock.ts";
import { createLog } from "../../src/platform/log.ts";
import { Secret } from "../../src/platform/secret.ts";
import { createEmptyDatabase, createTestDatabase, type TestDatabase } from "./database.ts";

export const testKey = { kid: "test", key: Buffer.alloc(32, 7) };
export const quietLog = createLog("silent");

/** A clock that moves only when told. */
export type HandClock = Clock & { advance(ms: number): void };

export function createHandClock(): HandClock {
  let at = Date.parse("2026-11-24T12:00:00Z");
  return {
    now: () => new Date(at),
    monotonicMs: () => at,
    advance: (ms) => {
      at += ms;
    },
  };
}

/** A payment row of the test base; what is not given is as a bank file leaves it. */
export type TestPayment = {
  id: number;
  amount?: string;
  clie?: number;
  cnta?: number;
  gpag?: number;
  imov?: number;
  avbc?: number;
};

/** A GSAN database in which tests play the part of GSAN. */
export type TestGsan = AsyncDisposable & {
  url: string;
  /** Any statement, as GSAN's own role. */
  run(sql: string, values?: unknown[]): Promise<pg.QueryResult>;
  pay(...payments: TestPayment[]): Promise<void>;
  /** INSERT statement and values of a payment, for a transaction of the test's own. */
  insertPayment(payment: TestPayment): [string, unknown[]];
  /** Copies to the history, then deletes, as the monthly closing does. */
  closeMonth(): Promise<void>;
  remove(...ids: number[]): Promise<void>;
};

export async function createTestGsan(): Promise<TestGsan> {
  const database = await createEmptyDatabase();
  return loadTestGsan(database.url, async () => {
    await database[Symbol.asyncDispose]();
  });
}

/** Fills an empty database with the GSAN tables and the rows every payment needs. */
export async function loadTestGsan(url: string, drop: () => Promise<void>): Promise<TestGsan> {
  const pool = new pg.Pool({ connectionString: url, max: 3 });
  pool.on("error", () => undefined);
  await pool.query(await readFile(new URL("../../src/gsan/demo/gsan-schema.sql", import.meta.url), "utf8"));
  await pool.query(registration);
  return {
    url,
    run: (sql, values) => pool.query(sql, values),
    pay: async (...payments) => {
      for (const payment of payments) await pool.query(...insertPayment(payment));
    },
    insertPayment,
    closeMonth: async () => {
      await pool.query(copyToHistory);
      await pool.query("DELETE FROM arrecadacao.pagamento WHERE pgmt_id IN (SELECT pghi_id FROM arrecadacao.pagamento_historico)");
    },
    remove: async (...ids) => {
      await pool.query("DELETE FROM arrecadacao.pagamento WHERE pgmt_id = ANY ($1)", [ids]);
    },
    [Symbol.asyncDispose]: async () => {
      await pool.end();
      await drop();
    },
  };
}

function insertPayment(payment: TestPayment): [string, unknown[]] {
  const { id, amount = "10.00", clie, cnta, gpag, imov, avbc = 1 } = payment;
  return [
    `INSERT INTO arrecadacao.pagamento (pgmt_id, pgmt_vlpagamento, pgmt_dtpagamento, pgmt_amreferenciaarrecadacao,
       loca_id, dotp_id, avbc_id, clie_id, cnta_id, gpag_id, imov_id)
     VALUES ($1, $2, '2026-11-23', 202611, 1, 1, $3, $4, $5, $6, $7)`,
    [id, amount, avbc, clie ?? null, cnta ?? null, gpag ?? null, imov ?? null],
  ];
}

const copyToHistory = `
  INSERT INTO arrecadacao.pagamento_historico (pghi_id, pghi_vlpagamento, pghi_dtpagamento, pghi_amreferenciaarrecadacao,
    pgst_idatual, loca_id, dotp_id, avbc_id, clie_id, cnta_id, gpag_id, imov_id)
  SELECT pgmt_id, pgmt_vlpagamento, pgmt_dtpagamento, pgmt_amreferenciaarrecadacao, coalesce(pgst_idatual, 0), loca_id,
    dotp_id, avbc_id, clie_id, cnta_id, gpag_id, imov_id
  FROM arrecadacao.pagamento`;

/** Clients 1400 to 1409, properties 123455 and 100000, a bank and its notices 1 to 9. */
const registration = `
  INSERT INTO cadastro.municipio (muni_id, muni_nmmunicipio, unfe_id) VALUES (1, 'MUNICIPIO TESTE', 1);
  INSERT INTO cadastro.localidade (loca_id, loca_nmlocalidade, loca_cdelo, greg_id, uneg_id) VALUES (1, 'LOCALIDADE TESTE', 1, 1, 1);
  INSERT INTO cadastro.setor_comercial (stcm_id, loca_id, stcm_cdsetorcomercial, stcm_nmsetorcomercial, muni_id) VALUES (1, 1, 1, 'SETOR TESTE', 1);
  INSERT INTO cadastro.quadra (qdra_id, stcm_id, qdra_nnquadra, rota_id) VALUES (1, 1, 1, 1);
  INSERT INTO cadastro.cliente (clie_id, clie_nmcliente, cltp_id) SELECT n, 'CLIENTE TESTE ' || n, 1 FROM generate_series(1400, 1409) n;
  INSERT INTO cadastro.imovel (imov_id, loca_id, stcm_id, qdra_id, imov_nnlote, imov_nnsublote, imov_nnimovel, last_id, lest_id, iper_id, cstf_id, imov_icdebitoconta, imov_icimovelcondominio)
    SELECT n, 1, 1, 1, 1, 0, '10', 3, 1, 1, 1, 2, 2 FROM unnest(ARRAY[123455, 100000]) n;
  INSERT INTO arrecadacao.arrecadador (arrc_id, clie_id, arrc_cdagente) VALUES (1, 1400, 104);
  INSERT INTO arrecadacao.aviso_bancario (avbc_id, avbc_dtlancamento, avbc_amreferenciaarrecadacao, avbc_iccreditodebito, arrc_id,
      avbc_nndocumento, ctbc_id, avbc_vlcontabilizado, avbc_vlarrecadacaocalculado, avbc_vldevolucaocalculado, avbc_vlarrecadacaoinformado, avbc_vldevolucaoinformado)
    SELECT n, '2026-11-24', 202611, 1, 1, n, 1, 0, 0, 0, 0, 0 FROM generate_series(1, 9) n`;

export async function createTestTenant(db: Db, tenantId: string): Promise<void> {
  await tenantTx(db, tenantId, (tx) => tx.insertInto("tenant").values({ tenant_id: tenantId, name: tenantId }).execute());
}

export type StoredEvent = { type: string; key: string; body: string; mode: string; source: string };

/** The tenant's events in the order of their ids. */
export async function eventsOf(db: Db, tenantId: string): Promise<StoredEvent[]> {
  return tenantTx(db, tenantId, async (tx) => {
    const events = await tx
      .selectFrom("event")
      .select(["type", "source_key as key", "body", "mode", "source"])
      .orderBy("event_id")
      .execute();
    return events;
  });
}

export async function bodiesOf(db: Db, tenantId: string): Promise<string[]> {
  return (await eventsOf(db, tenantId)).map((event) => event.body);
}

/** A platform database with one tenant, a GSAN base registered for it, and a clock. */
export type CaptureStage = AsyncDisposable & {
  platform: TestDatabase;
  gsan: TestGsan;
  base: CaptureBase;
  clock: HandClock;
  /** Takes the lease and opens a run over this base, as a capture process does. */
  open(more?: { limits?: Partial<CaptureLimits>; base?: Partial<CaptureBase>; stopping?: () => boolean }): Promise<CaptureRun>;
  bodies(): Promise<string[]>;
};

/** A stage with databases of its own, for a test that changes their tables. */
export async function createCaptureStage(): Promise<CaptureStage> {
  const databases = { platform: await createTestDatabase(), gsan: await createTestGsan() };
  return setStage(databases, () => disposeOf(databases));
}

/** Stages of one test file on the same two databases, emptied before each: tests of a file run one after another. */
export function useCaptureBed(): { stage(): Promise<CaptureStage> } {
  let shared: Databases | undefined;
  afterAll(async () => {
    if (shared !== undefined) await disposeOf(shared);
  });
  return {
    stage: async () => {
      shared ??= { platform: await createTestDatabase(), gsan: await createTestGsan() };
      await emptyDatabases(shared);
      return setStage(shared, () => Promise.resolve());
    },
  };
}

type Databases = { platform: TestDatabase; gsan: TestGsan };

async function disposeOf(databases: Databases): Promise<void> {
  await databases.gsan[Symbol.asyncDispose]();
  await databases.platform[Symbol.asyncDispose]();
}

async function emptyDatabases({ platform, gsan }: Databases): Promise<void> {
  const owner = new pg.Client({ connectionString: platform.ownerUrl });
  await owner.connect();
  const captured = ["difference", "reconciliation", "mark", "payment", "seen"].map((name) => `capture_${name}`);
  for (const table of [...captured, "gsan_base", "event", "event_key", "lease", "tenant"])
    await owner.query(`DELETE FROM aqueduto.${table}`);
  await owner.end();
  for (const table of perTest) await gsan.run(`DELETE FROM ${table}`);
}

const perTest = [
  "arrecadacao.pagamento",
  "arrecadacao.pagamento_historico",
  "cadastro.cliente_conta",
  "cadastro.cliente_conta_historico",
  "cadastro.cliente_imovel",
  "faturamento.conta",
  "faturamento.conta_historico",
  "faturamento.conta_geral",
  "faturamento.guia_pagamento",
  "faturamento.guia_pagamento_geral",
];

async function setStage({ platform, gsan }: Databases, dispose: () => Promise<void>): Promise<CaptureStage> {
  const clock = createHandClock();
  const tenantId = "ten_a";
  await createTestTenant(platform.db, tenantId);
  const baseId = await tenantTx(platform.db, tenantId, (tx) =>
    registerBase(tx, testKey, { tenantId, baseId: "gsb_a", name: "GSAN", url: new Secret(gsan.url), mode: "test", reversalDelayMs: 2_000 }),
  );
  const base: CaptureBase = { tenantId, baseId, mode: "test", reversalDelayMs: 2_000, digitRule: "modulo11", unknownClient: "hold" };
  const closing: (() => Promise<void>)[] = [];
  return {
    platform,
    gsan,
    base,
    clock,
    open: async (more = {}) => {
      const { pool, close } = openGsan({ url: gsan.url, max: 2, applicationName: "aqueduto-test" });
      closing.push(close);
      const lease = await acquireLease(platform.db, { name: captureLeaseName(base), holder: `node/${closing.length}`, leaseMs: 60_000 });
      expect(lease).toBeDefined();
      return {
        db: platform.db,
        gsan: pool,
        columns: await probeGsanColumns(pool),
        base: { ...base, ...more.base },
        lease: lease!,
        clock,
        log: quietLog,
        limits: { ...defaultLimits, ...more.limits },
        stopping: more.stopping ?? (() => false),
      };
    },
    bodies: () => bodiesOf(platform.db, tenantId),
    [Symbol.asyncDispose]: async () => {
      for (const close of closing) await close();
      await dispose();
    },
  };
}

/** The `idtransaction` of every event of the stage's tenant, in order. */
export async function idsSent(stage: Pick<CaptureStage, "bodies">): Promise<number[]> {
  return (await stage.bodies()).map((body) => (JSON.parse(body) as { idtransaction: number }).idtransaction);
}

/** A bill with the clients that GSAN names for it; in the history when `closed`. */
export async function addBill(
  gsan: TestGsan,
  bill: { id: number; closed?: boolean; clients: { clie: number; relation: number; nameOnBill: boolean }[] },
): Promise<void> {
  const closed = bill.closed === true;
  const [table, prefix, link, linkPrefix] = closed
    ? ["faturamento.conta_historico", "cnhi", "cadastro.cliente_conta_historico", "clch"]
    : ["faturamento.conta", "cnta", "cadastro.cliente_conta", "clct"];
  await gsan.run("INSERT INTO faturamento.conta_geral (cnta_id, cntg_ichistorico) VALUES ($1, $2)", [bill.id, closed ? 1 : 2]);
  await gsan.run(
    `INSERT INTO ${table} (cnta_id, imov_id, ${prefix}_amreferenciaconta, ${prefix}_amreferenciacontabil, last_id, lest_id, loca_id, qdra_id, cstf_id,
       ${prefix}_dgverificadorconta, ${prefix}_iccobrancamulta, ${prefix}_vlagua, ${prefix}_vlesgoto, ${prefix}_vldebitos, ${prefix}_vlcreditos, ${prefix}_pcesgoto,
       ${prefix}_dtvencimentoconta, ${prefix}_dtvencimentooriginal, dcst_idatual)
     VALUES ($1, 123455, $1, 202611, 3, 1, 1, 1, 1, 0, 1, 10, 0, 0, 0, 0, '2026-11-30', '2026-11-30', 0)`,
    [bill.id],
  );
  for (const [i, client] of bill.clients.entries()) {
    await gsan.run(
      `INSERT INTO ${link} (${linkPrefix}_id, clie_id, cnta_id, crtp_id, ${linkPrefix}_icnomeconta) VALUES ($1, $2, $3, $4, $5)`,
      [bill.id * 10 + i, client.clie, bill.id, client.relation, client.nameOnBill ? 1 : 2],
    );
  }
}
