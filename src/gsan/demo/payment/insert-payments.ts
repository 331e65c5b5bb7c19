import type { ClientBase } from "pg";
import { bankLine } from "../bank-line.ts";
import { billBarcode } from "../barcode.ts";
import { addBusinessDays, dayText, lastBusinessDay } from "../calendar.ts";
import type { LocalTime } from "../calendar.ts";
import { BILL_DOCUMENT, LINE_KIND } from "../fill/add-payments.ts";
import { banks, ways } from "../fill/ledger.ts";
import type { Way } from "../fill/ledger.ts";
import { centsToDecimal } from "../money.ts";
import type { Due } from "./due.ts";

/** armv_dsidentificacaoservico of everything `pay` inserts; `reverse` finds its payments by it. */
export const PAY_SERVICE = "ARRECADACAO DEMO";

export type Inserted = { ids: number[]; movementIds: number[]; totalCents: number };

/** PIX arrives one by one and at once; the lottery houses' file brings what was paid on the business day before. */
const PIX: Way = ways[0];
const LOTTERY: Way = ways[3] ?? ways[0];

/**
 * The rows of UC0242: file, lines, notice, payments. One file for all dues or one file for each; payments are not
 * classified (pgst_idatual NULL) and have no client (clie_id NULL), as for every bill barcode.
 */
export async function insertPayments(client: ClientBase, dues: readonly Due[], how: { asFile: boolean; at: LocalTime }): Promise<Inserted> {
  const files = how.asFile ? [dues] : dues.map((due) => [due]);
  const keys = await takeKeys(client, files.length, dues.length);
  const batch: Batch = { client, files, keys, dues, at: how.at, way: how.asFile ? LOTTERY : PIX, asFile: how.asFile };
  await insertFiles(batch);
  await insertLines(batch);
  await insertNotices(batch);
  await insertRows(batch);
  return { ids: keys.payments, movementIds: keys.movements, totalCents: sumCents(dues) };
}

type Keys = { movements: number[]; notices: number[]; items: number[]; payments: number[] };
type Batch = {
  client: ClientBase;
  files: readonly (readonly Due[])[];
  keys: Keys;
  dues: readonly Due[];
  at: LocalTime;
  way: Way;
  asFile: boolean;
};

async function takeKeys(client: ClientBase, files: number, payments: number): Promise<Keys> {
  const { rows } = await client.query<Keys>(
    `SELECT ARRAY(SELECT nextval('arrecadacao.seq_arrecadador_movimento')::int FROM generate_series(1, $1)) AS movements,
       ARRAY(SELECT nextval('arrecadacao.seq_aviso_bancario')::int FROM generate_series(1, $1)) AS notices,
       ARRAY(SELECT nextval('arrecadacao.seq_arrecadador_mov_item')::int FROM generate_series(1, $2)) AS items,
       ARRAY(SELECT nextval('arrecadacao.seq_pagamento')::int FROM generate_series(1, $2)) AS payments`,
    [files, payments],
  );
  return rows[0] ?? { movements: [], notices: [], items: [], payments: [] };
}

/** The file number (NSA) repeats armv_id: unique per bank without reading, also beside uncommitted files. */
async function insertFiles(batch: Batch): Promise<void> {
  const bank = bankOf(batch.way);
  await batch.client.query(
    `INSERT INTO arrecadacao.arrecadador_movimento (armv_id, armv_dtgeracao, armv_nnnsa, armv_cdconvenio, armv_cdbanco, armv_nmbanco,
       armv_cdremessa, armv_nnversaolayout, armv_dsidentificacaoservico, armv_nnregistrosmovimento, armv_vltotalmovimento,
       armv_tmultimaalteracao)
     SELECT f.id, $4, f.id, $5, $6, $7, 2, 4, $8, f.lines, f.total, $9
     FROM unnest($1::int[], $2::int[], $3::numeric[]) AS f (id, lines, total)`,
    [
      batch.keys.movements,
      batch.files.map((file) => file.length),
      batch.files.map((file) => centsToDecimal(sumCents(file))),
      dayText(batch.at.day),
      `CONV${bank.code}`,
      bank.code,
      bank.name,
      PAY_SERVICE,
      batch.at.timestamp,
    ],
  );
}

async function insertLines(batch: Batch): Promise<void> {
  const { keys, dues, at, way } = batch;
  const creditedOn = dayText(addBusinessDays(at.day, 1));
  const lines = dues.map((due, index) =>
    bankLine({
      paidOn: dayText(paidOn(batch)),
      creditedOn,
      barcode: billBarcode(due, due.cents),
      cents: due.cents,
      sequence: batch.asFile ? index + 1 : 1,
      wayCode: way.code,
    }),
  );
  await batch.client.query(
    `INSERT INTO arrecadacao.arrecadador_mov_item (amit_id, armv_id, rgcd_id, amit_cnregistro, amit_dsocorrencia, amit_icaceitacao,
       imov_id, amit_tmultimaalteracao)
     SELECT l.id, l.file, $5, l.line, 'OK', 1, l.imov_id, $6
     FROM unnest($1::int[], $2::int[], $3::text[], $4::int[]) AS l (id, file, line, imov_id)`,
    [keys.items, fileOfEach(batch, keys.movements), lines, dues.map(({ matricula }) => matricula), LINE_KIND, at.timestamp],
  );
}

async function insertNotices(batch: Batch): Promise<void> {
  const { keys, files, at, way } = batch;
  await batch.client.query(
    `INSERT INTO arrecadacao.aviso_bancario (avbc_id, avbc_dtlancamento, avbc_amreferenciaarrecadacao, avbc_iccreditodebito, arrc_id,
       armv_id, arfm_id, avbc_nndocumento, avbc_nnsequencial, ctbc_id, avbc_vlcontabilizado, avbc_vlrealizado, avbc_dtprevista,
       avbc_vlarrecadacaocalculado, avbc_vldevolucaocalculado, avbc_vlarrecadacaoinformado, avbc_vldevolucaoinformado,
       avbc_tmultimaalteracao)
     SELECT n.id, $4, $5, 1, a.arrc_id, n.file, $6, n.id, 1, a.arrc_id, n.total, n.total, $7, n.total, 0, n.total, 0, $8
     FROM unnest($1::int[], $2::int[], $3::numeric[]) AS n (id, file, total)
     JOIN arrecadacao.arrecadador a ON a.arrc_cdagente = $9`,
    [
      keys.notices,
      keys.movements,
      files.map((file) => centsToDecimal(sumCents(file))),
      dayText(at.day),
      at.month,
      way.id,
      dayText(addBusinessDays(at.day, 1)),
      at.timestamp,
      bankOf(way).code,
    ],
  );
}

async function insertRows(batch: Batch): Promise<void> {
  const { keys, dues, at, way } = batch;
  await batch.client.query(
    `INSERT INTO arrecadacao.pagamento (pgmt_id, pgmt_vlpagamento, pgmt_dtpagamento, pgmt_amreferenciapagamento,
       pgmt_amreferenciaarrecadacao, cnta_id, loca_id, dotp_id, avbc_id, amit_id, arfm_id, imov_id, pgmt_tmprocessamento,
       pgmt_tmultimaalteracao)
     SELECT p.id, p.total, $9, p.month, $10, p.bill, p.loca_id, $11, p.notice, p.item, $12, p.imov_id, $13, $13
     FROM unnest($1::int[], $2::numeric[], $3::int[], $4::int[], $5::int[], $6::int[], $7::int[], $8::int[])
       AS p (id, total, month, bill, loca_id, notice, item, imov_id)`,
    [
      keys.payments,
      dues.map(({ cents }) => centsToDecimal(cents)),
      dues.map(({ month }) => month),
      dues.map(({ billId }) => billId),
      dues.map(({ localityId }) => localityId),
      fileOfEach(batch, keys.notices),
      keys.items,
      dues.map(({ matricula }) => matricula),
      dayText(paidOn(batch)),
      at.month,
      BILL_DOCUMENT,
      way.id,
      at.timestamp,
    ],
  );
}

function paidOn(batch: Batch): number {
  return batch.asFile ? lastBusinessDay(batch.at.day - 1) : batch.at.day;
}

/** For every due, the key of its file (or of its file's notice). */
function fileOfEach(batch: Batch, keys: readonly number[]): (number | null)[] {
  return batch.dues.map((_, index) => keys[batch.asFile ? 0 : index] ?? null);
}

function bankOf(way: Way): (typeof banks)[number] {
  return banks[way.bank] ?? banks[0];
}

function sumCents(dues: readonly Due[]): number {
  return dues.reduce((sum, { cents }) => sum + cents, 0);
}
