import { readFile } from "node:fs/promises";
import pg from "pg";
import { afterAll, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { createEmptyDatabase } from "../../../../test/helpers/database.ts";
import { isBarcode } from "../barcode.ts";
import { fillBase } from "../fill/fill-base.ts";
import { closeMonth } from "./close-month.ts";
import { PAY_SERVICE } from "./insert-payments.ts";
import { beginLateBatch, pay } from "./pay.ts";
import { reverse } from "./reverse.ts";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const clock = { now: () => new Date("2026-11-24T15:00:00.000Z"), timeZone: "America/Recife" };
const NOW = "2026-11-24 12:00:00";

let template: Awaited<ReturnType<typeof createEmptyDatabase>>;
let pool: pg.Pool;
let copies = 0;

/** Runs a statement on the server that holds the template, outside of it: a template must have no connection. */
async function onServer(statement: string): Promise<void> {
  const url = new URL(template.url);
  url.pathname = "/postgres";
  const client = new pg.Client({ connectionString: url.href });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}

beforeAll(async () => {
  template = await createEmptyDatabase();
  const client = new pg.Client({ connectionString: template.url });
  await client.connect();
  await client.query(await readFile(new URL("../gsan-schema.sql", import.meta.url), "utf8"));
  await fillBase(client, { properties: 400, seed: 5, referenceDate: "2026-11-24" });
  await client.end();
});

beforeEach(async () => {
  copies += 1;
  const name = `${template.name}_${copies}`;
  await onServer(`CREATE DATABASE ${name} TEMPLATE ${template.name}`);
  const url = new URL(template.url);
  url.pathname = `/${name}`;
  pool = new pg.Pool({ connectionString: url.href, max: 4 });
  // one that has just been ended may still meet the forced drop of its database
  pool.on("error", () => undefined).on("connect", (client) => client.on("error", () => undefined));
  return async () => {
    await pool.end();
    await onServer(`DROP DATABASE ${name} WITH (FORCE)`);
  };
});

afterAll(() => template[Symbol.asyncDispose]());

async function one(text: string, values: unknown[] = []): Promise<Record<string, unknown>> {
  const { rows } = await pool.query<Record<string, unknown>>(text, values);
  expect(rows).toHaveLength(1);
  return rows[0] ?? {};
}

async function number(text: string, values: unknown[] = []): Promise<number> {
  return Number((await one(`SELECT (${text})::numeric AS n`, values))["n"]);
}

const PAID = "FROM arrecadacao.pagamento WHERE pgmt_id BETWEEN $1 AND $2";

/** Ids, amounts and owners of every payment, wherever it stands. */
async function allPayments(): Promise<unknown[]> {
  const { rows } = await pool.query(
    `SELECT pgmt_id AS id, pgmt_vlpagamento AS value, pgmt_dtpagamento::text AS day, amit_id, avbc_id, imov_id FROM arrecadacao.pagamento
     UNION ALL SELECT pghi_id, pghi_vlpagamento, pghi_dtpagamento::text, amit_id, avbc_id, imov_id FROM arrecadacao.pagamento_historico
     ORDER BY 1`,
  );
  return rows;
}

/** The rule that resolves a payment's client (gsan.md 1.6); rows whose client nobody finds. */
const UNRESOLVED = `SELECT count(*) FROM arrecadacao.pagamento p WHERE p.pgmt_id BETWEEN $1 AND $2 AND coalesce(p.clie_id,
  (SELECT clie_id FROM cadastro.cliente_conta c WHERE c.cnta_id = p.cnta_id ORDER BY clct_icnomeconta, abs(crtp_id - 2) LIMIT 1),
  (SELECT clie_id FROM cadastro.cliente_imovel r WHERE r.imov_id = p.imov_id AND crtp_id = 2 AND clim_dtrelacaofim IS NULL)) IS NULL`;

test("a file of 1,000 payments is one transaction: one file, 1,000 lines, one notice, the same total everywhere", async () => {
  const paid = await pay(pool, { count: 1_000, as_file: true }, clock);
  expect(paid).toMatchObject({ payments: 1_000, last_id: paid.first_id + 999 });
  const range = [paid.first_id, paid.last_id];
  expect(
    await one(
      `SELECT count(*)::int AS payments, sum(pgmt_vlpagamento)::text AS total, count(DISTINCT xmin::text)::int AS transactions,
    count(DISTINCT avbc_id)::int AS notices, count(DISTINCT amit_id)::int AS lines ${PAID}`,
      range,
    ),
  ).toEqual({
    payments: 1_000,
    total: paid.total,
    transactions: 1,
    notices: 1,
    lines: 1_000,
  });
  expect(
    await one(
      `SELECT armv_nnregistrosmovimento AS lines, armv_vltotalmovimento::text AS total, armv_dsidentificacaoservico AS service
    FROM arrecadacao.arrecadador_movimento WHERE armv_id = $1`,
      [paid.movement_id],
    ),
  ).toEqual({ lines: 1_000, total: paid.total, service: PAY_SERVICE });
  expect(
    await one(
      `SELECT avbc_vlarrecadacaocalculado::text AS counted, avbc_vlarrecadacaoinformado::text AS informed
    FROM arrecadacao.aviso_bancario WHERE armv_id = $1`,
      [paid.movement_id],
    ),
  ).toEqual({ counted: paid.total, informed: paid.total });
});

test("payments arrive unclassified, without client, with the server's clock, and everybody's client can be found", async () => {
  const paid = await pay(pool, { count: 1_000, as_file: true }, clock);
  const range = [paid.first_id, paid.last_id];
  expect(
    await number(
      `SELECT count(*) ${PAID} AND pgst_idatual IS NULL AND clie_id IS NULL
    AND pgmt_tmprocessamento = '${NOW}' AND pgmt_tmultimaalteracao = '${NOW}' AND pgmt_vlpagamento > 0`,
      range,
    ),
  ).toBe(1_000);
  expect(await number(UNRESOLVED, range)).toBe(0);
});

test("each line holds the bank's record with a valid barcode of the property, the month and the amount", async () => {
  const paid = await pay(pool, { count: 50, as_file: true }, clock);
  const { rows } = await pool.query<{ line: string; imov_id: number; cents: number; month: number }>(
    `SELECT i.amit_cnregistro AS line, p.imov_id, (p.pgmt_vlpagamento * 100)::int AS cents, p.pgmt_amreferenciapagamento AS month
     FROM arrecadacao.pagamento p JOIN arrecadacao.arrecadador_mov_item i USING (amit_id) WHERE p.pgmt_id BETWEEN $1 AND $2`,
    [paid.first_id, paid.last_id],
  );
  expect(rows).toHaveLength(50);
  for (const { line, imov_id, cents, month } of rows) {
    const code = line.slice(37, 81);
    expect(line).toHaveLength(150);
    expect(isBarcode(code)).toBe(true);
    expect(code.slice(4, 15)).toBe(String(cents).padStart(11, "0"));
    expect(Number(code.slice(22, 31))).toBe(imov_id);
    expect(code.slice(33, 39)).toBe(`${String(month % 100).padStart(2, "0")}${Math.floor(month / 100)}`);
  }
});

test("open bills are paid first and once; a payment equals its bill", async () => {
  const first = await pay(pool, { count: 100, as_file: true }, clock);
  const second = await pay(pool, { count: 100, as_file: false }, clock);
  const range = [first.first_id, second.last_id];
  expect(await number(`SELECT count(DISTINCT cnta_id) ${PAID}`, range)).toBe(200);
  expect(
    await number(
      `SELECT count(*) FROM arrecadacao.pagamento p JOIN faturamento.conta c USING (cnta_id) WHERE pgmt_id BETWEEN $1 AND $2
    AND pgmt_vlpagamento = cnta_vlagua + cnta_vlesgoto + cnta_vldebitos - cnta_vlcreditos AND c.imov_id = p.imov_id`,
      range,
    ),
  ).toBe(200);
});

test("separate payments have a file and a notice each", async () => {
  const paid = await pay(pool, { count: 20, as_file: false }, clock);
  expect(
    await one(
      `SELECT count(DISTINCT avbc_id)::int AS notices, count(DISTINCT i.armv_id)::int AS files, sum(pgmt_vlpagamento)::text AS total
    FROM arrecadacao.pagamento p JOIN arrecadacao.arrecadador_mov_item i USING (amit_id) WHERE p.pgmt_id BETWEEN $1 AND $2`,
      [paid.first_id, paid.last_id],
    ),
  ).toEqual({ notices: 20, files: 20, total: paid.total });
  expect(
    await number(
      "SELECT sum(avbc_vlarrecadacaocalculado) FROM arrecadacao.aviso_bancario a JOIN arrecadacao.arrecadador_movimento USING (armv_id) WHERE armv_dsidentificacaoservico = $1",
      [PAY_SERVICE],
    ),
  ).toBe(Number(paid.total));
});

test("when open bills run out, new ones are issued, and what is left is paid in advance", async () => {
  const bills = await number("SELECT count(*) FROM faturamento.conta");
  const paid = await pay(pool, { count: 3_000, as_file: true }, clock);
  expect(paid.payments).toBe(3_000);
  expect(await number("SELECT count(*) FROM faturamento.conta")).toBeGreaterThan(bills + 200);
  expect(await number("SELECT count(*) FROM faturamento.conta WHERE cnta_amreferenciaconta > 202612")).toBe(0);
  expect(await number(`SELECT count(*) ${PAID} AND cnta_id IS NULL`, [paid.first_id, paid.last_id])).toBeGreaterThan(1_000);
  expect(await number(UNRESOLVED, [paid.first_id, paid.last_id])).toBe(0);
  expect(
    await number(
      "SELECT count(*) FROM faturamento.conta c WHERE NOT EXISTS (SELECT FROM cadastro.cliente_conta x WHERE x.cnta_id = c.cnta_id AND clct_icnomeconta = 1)",
    ),
  ).toBe(0);
});

test("one property pays as often as asked; an unknown one and a wrong count are refused without a trace", async () => {
  const { imov_id: matricula } = await one("SELECT imov_id FROM cadastro.imovel WHERE last_id = 5 ORDER BY 1 LIMIT 1");
  const paid = await pay(pool, { matricula: Number(matricula), count: 40, as_file: true }, clock);
  expect(await number(`SELECT count(*) ${PAID} AND imov_id = $3`, [paid.first_id, paid.last_id, matricula])).toBe(40);
  const before = await number("SELECT count(*) FROM arrecadacao.arrecadador_movimento");
  await expect(pay(pool, { matricula: 999_999_999, count: 1, as_file: true }, clock)).rejects.toMatchObject({
    code: "invalid-field",
    pointer: "/matricula",
  });
  for (const count of [0, 1.5, 100_001, Number.NaN]) {
    await expect(pay(pool, { count, as_file: true }, clock)).rejects.toMatchObject({ code: "invalid-field", pointer: "/count" });
  }
  expect(await number("SELECT count(*) FROM arrecadacao.arrecadador_movimento")).toBe(before);
});

test("two callers at once never pay the same bill", async () => {
  const results = await Promise.all([1, 2, 3].map(() => pay(pool, { count: 60, as_file: true }, clock)));
  const first = Math.min(...results.map(({ first_id }) => first_id));
  const last = Math.max(...results.map(({ last_id }) => last_id));
  expect(await number(`SELECT count(*) ${PAID}`, [first, last])).toBe(180);
  expect(await number(`SELECT count(DISTINCT cnta_id) ${PAID}`, [first, last])).toBe(180);
});

test("a late batch commits below numbers that were visible before it", async () => {
  const late = await beginLateBatch(pool, 5, clock);
  const { first_id } = await pay(pool, { count: 1, as_file: false }, clock);
  expect(Math.max(...late.ids)).toBeLessThan(first_id);
  expect(await number("SELECT count(*) FROM arrecadacao.pagamento WHERE pgmt_id = ANY ($1)", [late.ids])).toBe(0);
  await late.commit();
  expect(await number("SELECT count(*) FROM arrecadacao.pagamento WHERE pgmt_id = ANY ($1)", [late.ids])).toBe(5);
});

test("the closing keeps every payment's number, amount, day and property, and moves the paid bills", async () => {
  await pay(pool, { count: 700, as_file: true }, clock);
  const before = await allPayments();
  const open = await number("SELECT count(*) FROM arrecadacao.pagamento");
  const closed = await closeMonth(pool, clock);
  expect(await allPayments()).toEqual(before);
  expect(closed.month).toBe(202_611);
  expect(closed.moved).toBeGreaterThan(500);
  expect(await number("SELECT count(*) FROM arrecadacao.pagamento")).toBe(open - closed.moved);
  expect(await number("SELECT sum(pghi_vlpagamento) FROM arrecadacao.pagamento_historico WHERE pghi_tmultimaalteracao = $1", [NOW])).toBe(
    Number(closed.total),
  );
  expect(await number("SELECT count(*) FROM arrecadacao.pagamento WHERE pgst_idatual IS NULL OR pgst_idatual IN (0, 9)")).toBe(0);
  expect(
    await number(`SELECT count(*) FROM faturamento.conta_geral g
    WHERE (cntg_ichistorico = 1) <> EXISTS (SELECT FROM faturamento.conta_historico h WHERE h.cnta_id = g.cnta_id)
       OR (cntg_ichistorico = 2) <> EXISTS (SELECT FROM faturamento.conta c WHERE c.cnta_id = g.cnta_id)`),
  ).toBe(0);
  expect(
    await number("SELECT count(*) FROM cadastro.cliente_conta_historico WHERE clch_tmultimaalteracao = $1", [NOW]),
  ).toBeGreaterThanOrEqual(closed.bills);
  expect(await closeMonth(pool, clock)).toMatchObject({ classified: 0, moved: 0, bills: 0, total: "0.00" });
});

test("the classification tells equal, excess, different, duplicate and unknown bills apart", async () => {
  const paid = await pay(pool, { count: 5, as_file: true }, clock);
  const ids = [0, 1, 2, 3, 4].map((n) => paid.first_id + n);
  await pool.query("UPDATE arrecadacao.pagamento SET pgmt_vlpagamento = pgmt_vlpagamento + 5 WHERE pgmt_id = $1", [ids[1]]);
  await pool.query("UPDATE arrecadacao.pagamento SET pgmt_vlpagamento = pgmt_vlpagamento - 0.01 WHERE pgmt_id = $1", [ids[2]]);
  await pool.query(
    "UPDATE arrecadacao.pagamento SET cnta_id = (SELECT cnta_id FROM arrecadacao.pagamento WHERE pgmt_id = $2) WHERE pgmt_id = $1",
    [ids[3], ids[0]],
  );
  await pool.query("UPDATE arrecadacao.pagamento SET cnta_id = NULL, pgmt_amreferenciapagamento = 199001 WHERE pgmt_id = $1", [ids[4]]);
  await closeMonth(pool, clock);
  const status = async (id: number | undefined): Promise<unknown> =>
    (
      await one(
        `SELECT pgst_idatual AS s FROM (SELECT pgmt_id AS id, pgst_idatual FROM arrecadacao.pagamento
      UNION ALL SELECT pghi_id, pgst_idatual FROM arrecadacao.pagamento_historico) p WHERE id = $1`,
        [id],
      )
    )["s"];
  expect(await Promise.all(ids.map(status))).toEqual([0, 3, 5, 1, 2]);
  expect(await number("SELECT pgmt_vlexcedente FROM arrecadacao.pagamento WHERE pgmt_id = $1", [ids[1]])).toBe(5);
});

test("a reversal takes back the newest payment and lowers the notice's computed sum only", async () => {
  const paid = await pay(pool, { count: 3, as_file: true }, clock);
  const { value } = await one("SELECT pgmt_vlpagamento::text AS value FROM arrecadacao.pagamento WHERE pgmt_id = $1", [paid.last_id]);
  const reversed = await reverse(pool, {}, { clock });
  expect(reversed).toEqual({ reversed: 1, ids: [paid.last_id], from_history: 0, total: value });
  expect(await number(`SELECT count(*) ${PAID}`, [paid.first_id, paid.last_id])).toBe(2);
  const notice = await one(
    "SELECT (avbc_vlarrecadacaoinformado - avbc_vlarrecadacaocalculado)::text AS gap FROM arrecadacao.aviso_bancario WHERE armv_id = $1",
    [paid.movement_id],
  );
  expect(notice).toEqual({ gap: value });
});

test("only delivered payments are taken back where the platform can tell", async () => {
  const paid = await pay(pool, { count: 10, as_file: true }, clock);
  const isDelivered = (ids: readonly number[]): Promise<Set<number>> =>
    Promise.resolve(new Set(ids.filter((id) => id === paid.first_id + 2 || id === paid.first_id + 4)));
  expect((await reverse(pool, {}, { clock, isDelivered })).ids).toEqual([paid.first_id + 4]);
  expect((await reverse(pool, { count: 5 }, { clock, isDelivered })).ids).toEqual([paid.first_id + 2]);
  await expect(reverse(pool, {}, { clock, isDelivered })).rejects.toMatchObject({ code: "conflict" });
});

test("after the closing a payment can still be taken back, and its bill is open again", async () => {
  const paid = await pay(pool, { count: 20, as_file: true }, clock);
  await closeMonth(pool, clock);
  const bill = await one("SELECT cnta_id FROM arrecadacao.pagamento_historico WHERE pghi_id = $1", [paid.last_id]);
  const reversed = await reverse(pool, {}, { clock });
  expect(reversed).toMatchObject({ reversed: 1, ids: [paid.last_id], from_history: 1 });
  expect(await number("SELECT count(*) FROM arrecadacao.pagamento_historico WHERE pghi_id = $1", [paid.last_id])).toBe(0);
  expect(
    await number(
      `SELECT count(*) FROM faturamento.conta c JOIN cadastro.cliente_conta x USING (cnta_id) JOIN faturamento.conta_geral g USING (cnta_id)
    WHERE c.cnta_id = $1 AND x.clct_icnomeconta = 1 AND g.cntg_ichistorico = 2`,
      [bill["cnta_id"]],
    ),
  ).toBe(1);
});

test("payments of the filled base are never taken back", async () => {
  await expect(reverse(pool, {}, { clock })).rejects.toMatchObject({ code: "conflict" });
});
