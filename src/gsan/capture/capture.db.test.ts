import pg from "pg";
import { describe, expect, test } from "vitest";
import { eventsOf, idsSent, useCaptureBed } from "../../../test/helpers/capture.ts";
import { continueBaseline } from "./baseline.ts";
import { fastPass, overlapPass } from "./scan-pass.ts";

const bed = useCaptureBed();

const hourMs = 3_600_000;

describe("a payment becomes client-transaction", () => {
  test("once, however GSAN later changes, classifies, transfers and closes it", async () => {
    await using stage = await bed.stage();
    const run = await stage.open();
    await continueBaseline(run);
    await stage.gsan.pay({ id: 1, clie: 1400 }, { id: 2, clie: 1401, amount: "10.50" });
    expect(await fastPass(run)).toEqual({ sent: 2, held: 0, complete: true });
    await stage.gsan.run("UPDATE arrecadacao.pagamento SET pgst_idatual = 0, pgmt_tmultimaalteracao = now()");
    await stage.gsan.run("UPDATE arrecadacao.pagamento SET imov_id = 123455, clie_id = 1402 WHERE pgmt_id = 1");
    await fastPass(run);
    await stage.gsan.closeMonth();
    await fastPass(run);
    await overlapPass(run);
    expect(await eventsOf(stage.platform.db, "ten_a")).toEqual([
      event(1, `{"idtransaction":1,"idcliente":"01400-1","valorpago":10}`),
      event(2, `{"idtransaction":2,"idcliente":"01401-0","valorpago":10.5}`),
    ]);
  });

  test("with these exact bytes for the amounts that tempt a float", async () => {
    await using stage = await bed.stage();
    const run = await stage.open();
    await continueBaseline(run);
    const amounts = ["0.01", "9999999.99", "10.00", "10.50", "99999999999.99", "0.10"];
    await stage.gsan.pay(...amounts.map((amount, i) => ({ id: i + 1, clie: 1400, amount })));
    await fastPass(run);
    expect(await stage.bodies()).toEqual([
      `{"idtransaction":1,"idcliente":"01400-1","valorpago":0.01}`,
      `{"idtransaction":2,"idcliente":"01400-1","valorpago":9999999.99}`,
      `{"idtransaction":3,"idcliente":"01400-1","valorpago":10}`,
      `{"idtransaction":4,"idcliente":"01400-1","valorpago":10.5}`,
      `{"idtransaction":5,"idcliente":"01400-1","valorpago":99999999999.99}`,
      `{"idtransaction":6,"idcliente":"01400-1","valorpago":0.1}`,
    ]);
  });

  test("when its bank batch commits late, below ids that were already sent", async () => {
    await using stage = await bed.stage();
    const run = await stage.open();
    await continueBaseline(run);
    const bank = new pg.Client({ connectionString: stage.gsan.url });
    await bank.connect();
    await bank.query("BEGIN");
    await bank.query(...stage.gsan.insertPayment({ id: 10, clie: 1400 }));
    await bank.query(...stage.gsan.insertPayment({ id: 11, clie: 1400 }));
    await stage.gsan.pay({ id: 12, clie: 1401 });
    await fastPass(run);
    await bank.query("COMMIT");
    await bank.end();
    await fastPass(run);
    expect(await idsSent(stage)).toEqual([12, 10, 11]);
  });

  test("when a batch commits hours late: the overlap pass finds what the fast pass no longer reads", async () => {
    await using stage = await bed.stage();
    const run = await stage.open({ limits: { nearWindow: 0 } });
    await continueBaseline(run);
    await stage.gsan.pay({ id: 100, clie: 1400 });
    await fastPass(run);
    stage.clock.advance(hourMs);
    await stage.gsan.pay({ id: 101, clie: 1400 });
    await fastPass(run);
    stage.clock.advance(hourMs);
    await stage.gsan.pay({ id: 50, clie: 1401 });
    expect(await fastPass(run)).toMatchObject({ sent: 0 });
    expect(await overlapPass(run)).toMatchObject({ sent: 1 });
    expect(await idsSent(stage)).toEqual([100, 101, 50]);
  });

  test("when it is first seen in the history alone", async () => {
    await using stage = await bed.stage();
    const run = await stage.open();
    await continueBaseline(run);
    await stage.gsan.pay({ id: 7, clie: 1400 });
    await stage.gsan.closeMonth();
    await fastPass(run);
    expect(await idsSent(stage)).toEqual([7]);
  });

  test("in pages, in the order of the ids, with nothing left out at the page edges", async () => {
    await using stage = await bed.stage();
    const run = await stage.open({ limits: { scanPage: 100, emitPage: 30 } });
    await continueBaseline(run);
    await stage.gsan.run(`
      INSERT INTO arrecadacao.pagamento (pgmt_id, pgmt_vlpagamento, pgmt_dtpagamento, pgmt_amreferenciaarrecadacao, loca_id, dotp_id, avbc_id, clie_id)
      SELECT n, n, '2026-11-23', 202611, 1, 1, 1, 1400 FROM generate_series(1, 1000) n`);
    expect(await fastPass(run)).toEqual({ sent: 1000, held: 0, complete: true });
    expect(await idsSent(stage)).toEqual(Array.from({ length: 1000 }, (_, i) => i + 1));
  });
});

describe("the baseline", () => {
  test("is never sent: payments of both tables that were there at registration", async () => {
    await using stage = await bed.stage();
    await stage.gsan.pay({ id: 1, clie: 1400 }, { id: 2, clie: 1400 });
    await stage.gsan.closeMonth();
    await stage.gsan.pay({ id: 3, clie: 1400 });
    const run = await stage.open();
    expect(await continueBaseline(run)).toEqual({ done: true, usable: true });
    await stage.gsan.pay({ id: 4, clie: 1400 });
    await fastPass(run);
    await overlapPass(run);
    expect(await idsSent(stage)).toEqual([4]);
  });

  test("does not swallow a payment that commits after it with an id below its highest", async () => {
    await using stage = await bed.stage();
    await stage.gsan.pay({ id: 5, clie: 1400 }, { id: 9, clie: 1400 });
    const run = await stage.open();
    await continueBaseline(run);
    await stage.gsan.pay({ id: 7, clie: 1400 });
    await fastPass(run);
    expect(await idsSent(stage)).toEqual([7]);
  });

  test("goes on after a stop where it was, and the passes wait only for its newest window", async () => {
    await using stage = await bed.stage();
    await stage.gsan.run(`
      INSERT INTO arrecadacao.pagamento_historico (pghi_id, pghi_vlpagamento, pghi_dtpagamento, pghi_amreferenciaarrecadacao, pgst_idatual, loca_id, dotp_id)
      SELECT n, 1, '2026-01-01', 202601, 0, 1, 1 FROM generate_series(1, 10000) n`);
    const limits = { scanPage: 1000, baselinePages: 1, overlapWindow: 2500, nearWindow: 100 };
    const stopped = await stage.open({ limits, stopping: stopAfter(1) });
    expect(await continueBaseline(stopped)).toEqual({ done: false, usable: false });
    const run = { ...stopped, stopping: () => false };
    expect(await continueBaseline(run)).toEqual({ done: false, usable: true });
    await stage.gsan.pay({ id: 20_000, clie: 1400 });
    await fastPass(run);
    await overlapPass(run);
    expect(await idsSent(stage)).toEqual([20_000]);
    for (let slice = 0; !(await continueBaseline(run)).done; slice += 1) expect(slice).toBeLessThan(10);
    await overlapPass({ ...run, limits: { ...run.limits, overlapWindow: 1_000_000 } });
    expect(await idsSent(stage)).toEqual([20_000]);
  });
});

function event(id: number, body: string) {
  return { type: "client-transaction", key: `gsb_a/${id}`, body, mode: "test", source: "capture:gsb_a" };
}

/** Says stop from the nth question on. */
function stopAfter(pages: number): () => boolean {
  let asked = 0;
  return () => {
    asked += 1;
    return asked > pages;
  };
}
