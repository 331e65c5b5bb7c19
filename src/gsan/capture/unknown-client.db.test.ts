import { describe, expect, test } from "vitest";
import { type CaptureStage, addBill, createCaptureStage, createTestGsan, idsSent, useCaptureBed } from "../../../test/helpers/capture.ts";
import { openGsan } from "../connection/open-gsan.ts";
import { absencePass } from "./absence-pass.ts";
import { continueBaseline } from "./baseline.ts";
import { GsanUnfitError, probeGsanColumns } from "./gsan-columns.ts";
import { heldTooLong } from "./retry-held.ts";
import { fastPass, overlapPass } from "./scan-pass.ts";

const bed = useCaptureBed();

describe("the client of a payment that names none", () => {
  test("is the bill's: the name on the bill before the user", async () => {
    await using stage = await bed.stage();
    await addBill(stage.gsan, {
      id: 900,
      clients: [
        { clie: 1401, relation: 2, nameOnBill: false },
        { clie: 1402, relation: 1, nameOnBill: true },
      ],
    });
    expect(await bodyOf(stage, { id: 1, cnta: 900 })).toContain(`"idcliente":"01402-8"`);
  });

  test("is the bill's user when no name or every name is on the bill", async () => {
    await using stage = await bed.stage();
    await addBill(stage.gsan, {
      id: 901,
      clients: [
        { clie: 1403, relation: 1, nameOnBill: true },
        { clie: 1404, relation: 2, nameOnBill: true },
        { clie: 1405, relation: 3, nameOnBill: true },
      ],
    });
    expect(await bodyOf(stage, { id: 1, cnta: 901 })).toContain(`"idcliente":"01404-4"`);
  });

  test("is the closed bill's when the bill went to the history", async () => {
    await using stage = await bed.stage();
    await addBill(stage.gsan, { id: 902, closed: true, clients: [{ clie: 1406, relation: 2, nameOnBill: true }] });
    expect(await bodyOf(stage, { id: 1, cnta: 902 })).toContain(`"idcliente":"01406-0"`);
  });

  test("is the payment slip's", async () => {
    await using stage = await bed.stage();
    await stage.gsan.run("INSERT INTO faturamento.guia_pagamento_geral (gpag_id, gpge_ichistorico) VALUES (50, 2)");
    await stage.gsan.run(
      `INSERT INTO faturamento.guia_pagamento (gpag_id, loca_id, clie_id, dbtp_id, gpag_amreferenciacontabil, gpag_dtemissao, gpag_dtvencimento,
         gpag_vldebito, gpag_iccobrancamulta, fntp_id, lict_id, dcst_idatual)
       VALUES (50, 1, 1407, 20, 202611, '2026-11-01', '2026-11-30', 65, 2, 1, 1, 0)`,
    );
    expect(await bodyOf(stage, { id: 1, gpag: 50 })).toContain(`"idcliente":"01407-9"`);
  });

  test("is the property's user of today, not of before and not its owner", async () => {
    await using stage = await bed.stage();
    await stage.gsan.run(
      `INSERT INTO cadastro.cliente_imovel (clim_id, clie_id, imov_id, crtp_id, clim_dtrelacaofim, clim_icnomeconta) VALUES
         (1, 1401, 123455, 2, '2025-01-01', 1), (2, 1402, 123455, 1, NULL, 1), (3, 1408, 123455, 2, NULL, 2)`,
    );
    expect(await bodyOf(stage, { id: 1, imov: 123455 })).toContain(`"idcliente":"01408-7"`);
  });

  test("is the one the payment names, whatever the bill says", async () => {
    await using stage = await bed.stage();
    await addBill(stage.gsan, { id: 903, clients: [{ clie: 1401, relation: 2, nameOnBill: true }] });
    expect(await bodyOf(stage, { id: 1, cnta: 903, clie: 1409 })).toContain(`"idcliente":"01409-5"`);
  });
});

describe("a payment whose client is nowhere", () => {
  test("is held, reported after a day, and sent once when it is classified", async () => {
    await using stage = await bed.stage();
    const run = await stage.open();
    await continueBaseline(run);
    await stage.gsan.pay({ id: 1 }, { id: 2, clie: 1400 });
    expect(await fastPass(run)).toEqual({ sent: 1, held: 1, complete: true });
    expect(await overlapPass(run)).toMatchObject({ sent: 0 });
    expect(await heldTooLong(run)).toEqual({ count: 0, oldest: null });
    const seenAt = stage.clock.now();
    stage.clock.advance(25 * 3_600_000);
    expect(await heldTooLong(run)).toEqual({ count: 1, oldest: seenAt });
    await addBill(stage.gsan, { id: 900, clients: [{ clie: 1401, relation: 2, nameOnBill: true }] });
    await stage.gsan.run("UPDATE arrecadacao.pagamento SET cnta_id = 900, pgst_idatual = 0 WHERE pgmt_id = 1");
    expect(await overlapPass(run)).toMatchObject({ sent: 1 });
    expect(await overlapPass(run)).toMatchObject({ sent: 0 });
    expect(await stage.bodies()).toEqual([
      `{"idtransaction":2,"idcliente":"01400-1","valorpago":10}`,
      `{"idtransaction":1,"idcliente":"01401-0","valorpago":10}`,
    ]);
    expect(await heldTooLong(run)).toEqual({ count: 0, oldest: null });
  });

  test("is sent from the history when it was closed while held", async () => {
    await using stage = await bed.stage();
    const run = await stage.open();
    await continueBaseline(run);
    await stage.gsan.pay({ id: 1 });
    await fastPass(run);
    await stage.gsan.closeMonth();
    stage.clock.advance(60_000);
    await absencePass(run);
    await stage.gsan.run("UPDATE arrecadacao.pagamento_historico SET clie_id = 1400 WHERE pghi_id = 1");
    await overlapPass(run);
    await absencePass(run);
    expect(await idsSent(stage)).toEqual([1]);
  });

  test("that GSAN removes while it is held makes no event at all", async () => {
    await using stage = await bed.stage();
    const run = await stage.open();
    await continueBaseline(run);
    await stage.gsan.pay({ id: 1 });
    await fastPass(run);
    await stage.gsan.remove(1);
    for (let i = 0; i < 3; i += 1) {
      await absencePass(run);
      await overlapPass(run);
      stage.clock.advance(5_000);
    }
    expect(await stage.bodies()).toEqual([]);
  });

  test("is sent with its property when the tenant wants that, and held without one", async () => {
    await using stage = await bed.stage();
    const run = await stage.open({ base: { unknownClient: "property" } });
    await continueBaseline(run);
    await stage.gsan.pay({ id: 1, imov: 123455, amount: "3.10" }, { id: 2 });
    expect(await fastPass(run)).toEqual({ sent: 1, held: 1, complete: true });
    expect(await stage.bodies()).toEqual([`{"idtransaction":1,"idimovel":"12345-5","valorpago":3.1}`]);
  });

  test("is sent with its property once the tenant changes to that", async () => {
    await using stage = await bed.stage();
    const run = await stage.open();
    await continueBaseline(run);
    await stage.gsan.pay({ id: 1, imov: 123455 });
    await fastPass(run);
    await overlapPass({ ...run, base: { ...run.base, unknownClient: "property" } });
    expect(await idsSent(stage)).toEqual([1]);
  });

  test("does not stop those behind it when it cannot even be written", async () => {
    await using stage = await bed.stage();
    const run = await stage.open();
    await continueBaseline(run);
    await stage.gsan.pay({ id: 1, clie: 1400, amount: "NaN" }, { id: 2, clie: 1400 });
    expect(await fastPass(run)).toEqual({ sent: 1, held: 1, complete: true });
    expect(await idsSent(stage)).toEqual([2]);
  });
});

describe("a branch of GSAN", () => {
  test("without the optional tables and columns is captured with the sources it has", async () => {
    await using stage = await createCaptureStage();
    await stage.gsan.run(`
      DROP TABLE cadastro.cliente_conta_historico;
      ALTER TABLE arrecadacao.pagamento DROP COLUMN gpag_id, DROP COLUMN cnta_id, DROP COLUMN avbc_id;
      ALTER TABLE arrecadacao.pagamento_historico DROP COLUMN gpag_id, DROP COLUMN avbc_id`);
    const run = await stage.open();
    await continueBaseline(run);
    await stage.gsan.run(`
      INSERT INTO cadastro.cliente_imovel (clim_id, clie_id, imov_id, crtp_id, clim_icnomeconta) VALUES (3, 1408, 123455, 2, 2);
      INSERT INTO arrecadacao.pagamento (pgmt_id, pgmt_vlpagamento, pgmt_dtpagamento, pgmt_amreferenciaarrecadacao, loca_id, dotp_id, imov_id)
      VALUES (1, 10, '2026-11-23', 202611, 1, 1, 123455)`);
    await fastPass(run);
    expect(await stage.bodies()).toEqual([`{"idtransaction":1,"idcliente":"01408-7","valorpago":10}`]);
  });

  test("without a column that capture cannot do without is refused by name", async () => {
    await using gsan = await createTestGsan();
    await gsan.run("ALTER TABLE arrecadacao.pagamento_historico RENAME pghi_vlpagamento TO pghi_valor");
    const { pool, close } = openGsan({ url: gsan.url, max: 1, applicationName: "aqueduto-test" });
    try {
      await expect(probeGsanColumns(pool)).rejects.toThrow(GsanUnfitError);
      await expect(probeGsanColumns(pool)).rejects.toThrow("arrecadacao.pagamento_historico.pghi_vlpagamento");
    } finally {
      await close();
    }
  });
});

type Stage = CaptureStage;

async function bodyOf(stage: Stage, payment: Parameters<Stage["gsan"]["pay"]>[0]): Promise<string> {
  const run = await stage.open();
  await continueBaseline(run);
  await stage.gsan.pay(payment);
  await fastPass(run);
  const bodies = await stage.bodies();
  expect(bodies).toHaveLength(1);
  return bodies[0]!;
}
