import { Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { loadCatalog } from "../catalog/load-catalog.ts";
import { createGsanBase, startTestBase, type GsanBase, type Reply, type TestBase } from "../../../test/helpers/gsan-base.ts";

let gsan: GsanBase;
let base: TestBase;

beforeAll(async () => {
  gsan = await createGsanBase();
  base = await startTestBase(gsan.url);
  await base.refreshDocuments();
});
afterAll(async () => {
  await base[Symbol.asyncDispose]();
  await gsan[Symbol.asyncDispose]();
});

const ajv = new Ajv2020({ strict: true, allowUnionTypes: true, strictRequired: false });
addFormats.default(ajv);
ajv.addVocabulary(["x-lgpd", "x-lgpd-subject", "x-mask", "x-ref", "x-object", "x-answers"]);
const schemas = new Map(loadCatalog().map((operation) => [operation.operation_id, operation.response_schema]));

/** The answer, checked against the catalogue's schema. */
async function good(operation: string, path: string, body?: unknown): Promise<Record<string, unknown>> {
  const reply = await base.call(operation, path, body === undefined ? {} : { body });
  expect(reply).toMatchObject({ status: 200 });
  const schema = schemas.get(operation);
  ajv.validate(schema ?? false, reply.json);
  expect(ajv.errors).toBeNull();
  return reply.json;
}

function items(answer: Record<string, unknown>): Record<string, unknown>[] {
  const { items: list } = answer;
  if (!Array.isArray(list)) throw new TypeError("a list was expected");
  return list.map((item: unknown) => Object(item));
}

function problem(reply: Reply, status: number, code: string): void {
  expect(reply.status).toBe(status);
  expect(reply.headers.get("content-type")).toBe("application/problem+json");
  expect(reply.json).toMatchObject({ status, code, request_id: "req_test" });
}

describe("getProperty", () => {
  test("a property is answered with its current user and its address", async () => {
    expect(await good("getProperty", "/v1/properties/123455")).toEqual({
      matricula: "123455",
      client: { name: "MARIA JOSÉ TESTE", document: "11144477735", relation: "user", email: "maria@example.org" },
      address: {
        street: "CONCEIÇÃO",
        number: "S/N",
        complement: null,
        district: "BOA VISTA",
        municipality: "TESTE",
        state: "PE",
        postal_code: "05001000",
      },
      locality_id: 1,
      municipality_id: 1,
      water_status: "LIGADO",
      sewage_status: "POTENCIAL",
      category: "residential",
      units: 1,
      due_day: 10,
    });
  });

  test("a client out of use is nobody, and a placeholder document is none", async () => {
    expect(await good("getProperty", "/v1/properties/200018")).toMatchObject({ client: null });
    expect(await good("getProperty", "/v1/properties/400009")).toMatchObject({ client: { name: "SEM DOCUMENTO", document: null } });
  });

  test("mother's name, RG and birth date leave by no operation", async () => {
    for (const [operation, path] of [
      ["getProperty", "/v1/properties/123455"],
      ["listOpenBills", "/v1/properties/123455/bills"],
    ] as const) {
      const { text } = await base.call(operation, path);
      expect(text).not.toMatch(/SEGREDO|1980/);
    }
  });

  test.each(["999999999", "200026"])("an unknown and a logically deleted property are the same 404: %s", async (ref) => {
    const replies = await Promise.all([
      base.call("getProperty", `/v1/properties/${ref}`),
      base.call("listOpenBills", `/v1/properties/${ref}/bills`),
      base.call("listPropertyPayments", `/v1/properties/${ref}/payments`),
      base.call("getConsumption", `/v1/properties/${ref}/consumption`),
      base.call("listDebts", "/gsan/api/debitos", { body: { matricula: Number(ref) } }),
    ]);
    for (const reply of replies) problem(reply, 404, "not-found");
    expect(new Set(replies.map((reply) => reply.text)).size).toBe(1);
  });
});

describe("bills", () => {
  test("open bills carry the surcharges of the utility's day, exact to the cent", async () => {
    const answer = await good("listOpenBills", "/v1/properties/123455/bills?status=open");
    expect(answer).toMatchObject({ matricula: "123455", as_of: "2026-11-24", count: 4 });
    expect(items(answer)).toEqual([
      // 137 days: 2 % of 10.00 + 1 % a month pro rata = 0.20 + 0.4567
      {
        bill_id: "900006",
        reference: "2026-06",
        due_on: "2026-07-10",
        amount: "10.00",
        surcharge: "0.66",
        amount_due: "10.66",
        payable: false,
      },
      // 45 days: 1.708 + 1.281
      {
        bill_id: "900001",
        reference: "2026-09",
        due_on: "2026-10-10",
        amount: "85.40",
        surcharge: "2.99",
        amount_due: "88.39",
        payable: true,
      },
      {
        bill_id: "900003",
        reference: "2026-10",
        due_on: "2026-11-24",
        amount: "9999999.99",
        surcharge: "0.00",
        amount_due: "9999999.99",
        payable: true,
      },
      {
        bill_id: "900002",
        reference: "2026-11",
        due_on: "2026-12-10",
        amount: "0.01",
        surcharge: "0.00",
        amount_due: "0.01",
        payable: true,
      },
    ]);
    expect(answer["total_due"]).toBe("10000099.05");
  });

  test("a late fee that GSAN has already charged is not charged again", async () => {
    const [bill] = items(await good("listOpenBills", "/v1/properties/300004/bills"));
    expect(bill).toMatchObject({ amount: "100.00", surcharge: "1.50" });
  });

  test.each([
    ["900001", "open", "85.40"],
    ["900004", "paid", "50.00"],
    ["900005", "cancelled", "50.00"],
    ["900008", "paid", "60.00"],
  ])("bill %s is %s", async (id, status, amount) => {
    expect(await good("getBill", `/v1/bills/${id}`)).toMatchObject({ bill_id: id, matricula: "123455", status, amount });
  });

  test("a pre-billed bill, one of a deleted property and an unknown one are not there", async () => {
    for (const id of ["900007", "900010", "1", "9999999999"]) problem(await base.call("getBill", `/v1/bills/${id}`), 404, "not-found");
  });
});

describe("payments", () => {
  test("live and closed payments are one list, each once, newest first", async () => {
    const answer = await good("listPropertyPayments", "/v1/properties/123455/payments");
    expect(items(answer).map((row) => [row["payment_id"], row["amount"]])).toEqual([
      ["105", "180.00"],
      ["104", "50.00"],
      ["103", "9999999.99"],
      ["102", "0.01"],
      ["101", "59.99"],
    ]);
    expect(answer["next"]).toBeNull();
    expect(items(answer)[1]).toMatchObject({ bill_id: "900004", reference: "2026-08", paid_on: "2026-09-09", classification: null });
  });

  test("pages by cursor give every payment once, also when the closing moves one between two pages", async () => {
    const first = await good("listPropertyPayments", "/v1/properties/123455/payments?limit=2");
    await gsan.run(`
      INSERT INTO arrecadacao.pagamento_historico (pghi_id, pghi_vlpagamento, pghi_dtpagamento, pghi_amreferenciaarrecadacao, pgst_idatual, gpag_id, loca_id, dotp_id, imov_id)
        SELECT pgmt_id, pgmt_vlpagamento, pgmt_dtpagamento, pgmt_amreferenciaarrecadacao, 0, gpag_id, loca_id, dotp_id, imov_id FROM arrecadacao.pagamento WHERE pgmt_id = 105;
      DELETE FROM arrecadacao.pagamento WHERE pgmt_id = 105`);
    const second = await good("listPropertyPayments", `/v1/properties/123455/payments?limit=2&after=${String(first["next"])}`);
    const third = await good("listPropertyPayments", `/v1/properties/123455/payments?limit=2&after=${String(second["next"])}`);
    const ids = [first, second, third].flatMap(items).map((row) => row["payment_id"]);
    expect(ids).toEqual(["105", "104", "103", "102", "101"]);
    expect(third["next"]).toBeNull();
    await gsan.run(`
      INSERT INTO arrecadacao.pagamento (pgmt_id, pgmt_vlpagamento, pgmt_dtpagamento, pgmt_amreferenciaarrecadacao, gpag_id, loca_id, dotp_id, avbc_id, imov_id)
        SELECT pghi_id, pghi_vlpagamento, pghi_dtpagamento, pghi_amreferenciaarrecadacao, gpag_id, loca_id, dotp_id, 1, imov_id FROM arrecadacao.pagamento_historico WHERE pghi_id = 105;
      DELETE FROM arrecadacao.pagamento_historico WHERE pghi_id = 105`);
  });

  test("a cursor of one property is refused for another", async () => {
    const { next } = await good("listPropertyPayments", "/v1/properties/123455/payments?limit=1");
    const reply = await base.call("listPropertyPayments", `/v1/properties/200018/payments?after=${String(next)}`);
    problem(reply, 422, "invalid-field");
    expect(reply.json["pointer"]).toBe("/query/after");
  });
});

test("consumption joins readings, billed water and sewage by month", async () => {
  const answer = await good("getConsumption", "/v1/properties/123455/consumption");
  expect(items(answer)).toEqual([
    {
      month: "2026-10",
      read_on: null,
      days: null,
      previous_reading: null,
      reading: null,
      measured_m3: null,
      billed_m3: 15,
      average_m3: 12,
      sewage_m3: null,
    },
    {
      month: "2026-09",
      read_on: "2026-09-12",
      days: 30,
      previous_reading: 1419,
      reading: 1432,
      measured_m3: 13,
      billed_m3: 13,
      average_m3: 12,
      sewage_m3: 10,
    },
  ]);
  expect(items(await good("getConsumption", "/v1/properties/123455/consumption?months=36"))).toHaveLength(3);
});

describe("checkIdentity", () => {
  test.each([
    ["111.444.777-35", "123455", true],
    ["11144477735", "123455", true],
    ["39053344705", "123455", true],
    ["12abc34501de35", "300004", true],
    ["12.ABC.345/01DE-35", "300012", true],
    ["11144477735", "300004", false],
    ["15350946056", "123455", false],
    ["52998224725", "200018", false],
    ["11144477735", "200026", false],
    ["00000000000", "400009", false],
    ["11144477735", "999999999", false],
    ["AAAAAAAAAAA", "123455", false],
  ])("%s of %s: %s", async (document, property, match) => {
    const reply = await base.call("checkIdentity", "/v1/identity-checks", { body: { document, property } });
    expect(reply.text).toBe(JSON.stringify({ match }));
    expect(reply.status).toBe(200);
  });
});

describe("localities", () => {
  test("pages by cursor", async () => {
    const first = await good("listLocalities", "/v1/localities?limit=2");
    expect(first).toEqual({
      items: [
        { locality_id: "1", name: "SÃO JOSÉ", municipality: "TESTE", ibge_code: "2600000", served: true },
        { locality_id: "2", name: "ALTO", municipality: null, ibge_code: null, served: false },
      ],
      next: "2",
    });
    expect(await good("listLocalities", "/v1/localities?limit=2&after=2")).toMatchObject({ items: [{ locality_id: "3" }], next: null });
  });

  test("one is answered by id", async () => {
    expect(await good("getLocality", "/v1/localities/2")).toMatchObject({ locality_id: "2", served: false });
    problem(await base.call("getLocality", "/v1/localities/9"), 404, "not-found");
  });
});

describe("listDebts", () => {
  const expected =
    '{"matricula":123455,"nome":"MARIA JOSÉ TESTE","documento":"11144477735","debitos":[' +
    '{"id":"C#900001","tipoDebito":"CONTA","valorOriginal":85.40,"valorDebito":88.39,"valorAcrescimos":2.99,"validadeDebito":"20261124","referencia":"09/2026","descricao":"REFERENCIA 09/2026"},' +
    '{"id":"C#900003","tipoDebito":"CONTA","valorOriginal":9999999.99,"valorDebito":9999999.99,"valorAcrescimos":0.00,"validadeDebito":"20261124","referencia":"10/2026","descricao":"REFERENCIA 10/2026"},' +
    '{"id":"G#5001","tipoDebito":"GUIA","valorOriginal":180.00,"valorDebito":180.00,"valorAcrescimos":0.00,"validadeDebito":"20261201","referencia":null,"descricao":"LIGACAO DE AGUA"},' +
    '{"id":"C#900002","tipoDebito":"CONTA","valorOriginal":0.01,"valorDebito":0.01,"valorAcrescimos":0.00,"validadeDebito":"20261210","referencia":"11/2026","descricao":"REFERENCIA 11/2026"}]}';

  test.each([[{ matricula: 123455 }], [{ documento: "111.444.777-35" }], [{ matricula: 123455, documento: "11144477735" }]])(
    "payable debts leave as the documented bytes: %j",
    async (body) => {
      await good("listDebts", "/gsan/api/debitos", body);
      expect((await base.call("listDebts", "/gsan/api/debitos", { body })).text).toBe(expected);
    },
  );

  test("a document with several properties needs the matrícula beside it", async () => {
    const documento = "12ABC34501DE35";
    problem(await base.call("listDebts", "/gsan/api/debitos", { body: { documento } }), 409, "conflict");
    expect(await good("listDebts", "/gsan/api/debitos", { documento, matricula: 300004 })).toMatchObject({ matricula: 300004, documento });
  });

  test.each([
    [{ documento: "39053344705" }],
    [{ documento: "15350946056" }],
    [{ documento: "52998224725" }],
    [{ documento: "00000000000" }],
    [{ documento: "86288366757" }],
    [{ matricula: 123455, documento: "86288366757" }],
  ])("an owner, a former client, one out of use, a placeholder and a stranger find nothing: %j", async (body) => {
    problem(await base.call("listDebts", "/gsan/api/debitos", { body }), 404, "not-found");
  });

  test("a client who is new in GSAN is found after a refresh, one whose document changed by the new document alone", async () => {
    const documento = "86288366757";
    await gsan.run(`
      INSERT INTO cadastro.cliente (clie_id, clie_nmcliente, cltp_id, clie_nncpf, clie_icuso) VALUES (1500, 'NOVA TESTE', 1, '${documento}', 1);
      INSERT INTO cadastro.cliente_imovel (clim_id, clie_id, imov_id, crtp_id, clim_icnomeconta) VALUES (90, 1500, 200018, 3, 1)`);
    await base.refreshDocuments();
    expect(await good("listDebts", "/gsan/api/debitos", { documento })).toMatchObject({ matricula: 200018, debitos: [] });
    await gsan.run("UPDATE cadastro.cliente SET clie_nncpf = '24843803480' WHERE clie_id = 1500");
    problem(await base.call("listDebts", "/gsan/api/debitos", { body: { documento } }), 404, "not-found");
    await gsan.run("DELETE FROM cadastro.cliente_imovel WHERE clim_id = 90; DELETE FROM cadastro.cliente WHERE clie_id = 1500");
  });
});
