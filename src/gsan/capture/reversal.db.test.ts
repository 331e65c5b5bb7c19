import { describe, expect, test } from "vitest";
import { eventsOf, idsSent, useCaptureBed } from "../../../test/helpers/capture.ts";
import { absencePass } from "./absence-pass.ts";
import { continueBaseline } from "./baseline.ts";
import { fastPass, overlapPass } from "./scan-pass.ts";

const bed = useCaptureBed();

async function sentStage(...ids: number[]) {
  const stage = await bed.stage();
  const run = await stage.open({ limits: { watchPage: 3, watchSlice: 4 } });
  await continueBaseline(run);
  await stage.gsan.pay(...ids.map((id) => ({ id, clie: 1400, amount: "10.50" })));
  await fastPass(run);
  return { run, stage, [Symbol.asyncDispose]: () => stage[Symbol.asyncDispose]() };
}

async function reversals(stage: Awaited<ReturnType<typeof sentStage>>["stage"]) {
  const events = await eventsOf(stage.platform.db, "ten_a");
  return events.filter((event) => event.type === "client-transaction-reversed");
}

describe("a removed payment", () => {
  test("is reversed with the amount that was sent, once, after two looks the delay apart", async () => {
    await using scene = await sentStage(1, 2);
    const { run, stage } = scene;
    await stage.gsan.run("UPDATE arrecadacao.pagamento SET pgmt_vlpagamento = 99 WHERE pgmt_id = 1");
    await stage.gsan.remove(1);
    expect(await absencePass(run)).toMatchObject({ reversed: 0 });
    stage.clock.advance(1_999);
    expect(await absencePass(run)).toMatchObject({ reversed: 0 });
    stage.clock.advance(1);
    expect(await absencePass(run)).toMatchObject({ reversed: 1 });
    stage.clock.advance(60_000);
    expect(await absencePass(run)).toMatchObject({ reversed: 0 });
    expect(await reversals(stage)).toEqual([
      {
        type: "client-transaction-reversed",
        key: "gsb_a/1",
        body: `{"idtransaction":1,"valorpago":10.5}`,
        mode: "test",
        source: "capture:gsb_a",
      },
    ]);
  });

  test("that is back at the second look is not reversed, and its wait begins anew", async () => {
    await using scene = await sentStage(1);
    const { run, stage } = scene;
    await stage.gsan.remove(1);
    await absencePass(run);
    stage.clock.advance(1_500);
    await stage.gsan.pay({ id: 1, clie: 1400 });
    await absencePass(run);
    await stage.gsan.remove(1);
    stage.clock.advance(1_500);
    await absencePass(run);
    expect(await reversals(stage)).toEqual([]);
    stage.clock.advance(2_000);
    await absencePass(run);
    expect(await reversals(stage)).toHaveLength(1);
  });

  test("is reversed also when the closing had moved it to the history, and only once it is gone from there", async () => {
    await using scene = await sentStage(1, 2);
    const { run, stage } = scene;
    await stage.gsan.closeMonth();
    await everyPass(run);
    await stage.gsan.run("DELETE FROM arrecadacao.pagamento_historico WHERE pghi_id = 2");
    await everyPass(run);
    expect(await reversals(stage)).toEqual([]);
    stage.clock.advance(2_000);
    await everyPass(run);
    await everyPass(run);
    expect((await reversals(stage)).map((event) => event.key)).toEqual(["gsb_a/2"]);
  });

  test("needs two looks even when the base asks for no delay", async () => {
    await using scene = await sentStage(1);
    const run = { ...scene.run, base: { ...scene.run.base, reversalDelayMs: 0 } };
    await scene.stage.gsan.remove(1);
    expect(await absencePass(run)).toMatchObject({ reversed: 0 });
    expect(await absencePass(run)).toMatchObject({ reversed: 1 });
  });

  test("of the baseline makes no event, for it was never sent", async () => {
    await using stage = await bed.stage();
    await stage.gsan.pay({ id: 1, clie: 1400 });
    const run = await stage.open();
    await continueBaseline(run);
    await stage.gsan.remove(1);
    await absencePass(run);
    stage.clock.advance(60_000);
    await absencePass(run);
    expect(await stage.bodies()).toEqual([]);
  });

  test("is found long after it left the overlap window, by the slices that go round", async () => {
    const ids = Array.from({ length: 11 }, (_, i) => i + 1);
    await using scene = await sentStage(...ids);
    const { run, stage } = scene;
    // two marks more than 48 h later put all eleven below the window
    for (let day = 0; day < 4; day += 1) {
      stage.clock.advance(24 * 3_600_000);
      await fastPass(run);
    }
    await stage.gsan.remove(2, 11);
    let cursor: number | undefined;
    const counts: number[] = [];
    for (let pass = 0; pass < 8; pass += 1) {
      const count = await absencePass(run, cursor);
      cursor = count.cursor;
      counts.push(count.reversed);
      stage.clock.advance(2_000);
    }
    expect(counts.reduce((a, b) => a + b, 0)).toBe(2);
    // the eleventh is not even looked at before the third slice
    expect(counts.slice(0, 2)).not.toContain(2);
    expect((await reversals(stage)).map((event) => event.key).toSorted()).toEqual(["gsb_a/11", "gsb_a/2"]);
  });
});

describe("the monthly closing", () => {
  test("makes no event, copied and deleted at once or with passes between", async () => {
    await using scene = await sentStage(1, 2, 3);
    const { run, stage } = scene;
    await stage.gsan.run(`
      INSERT INTO arrecadacao.pagamento_historico (pghi_id, pghi_vlpagamento, pghi_dtpagamento, pghi_amreferenciaarrecadacao, pgst_idatual, loca_id, dotp_id)
      SELECT pgmt_id, pgmt_vlpagamento, pgmt_dtpagamento, pgmt_amreferenciaarrecadacao, 0, loca_id, dotp_id FROM arrecadacao.pagamento WHERE pgmt_id = 1`);
    await everyPass(run);
    await stage.gsan.remove(1);
    await everyPass(run);
    await stage.gsan.closeMonth();
    stage.clock.advance(60_000);
    await everyPass(run);
    stage.clock.advance(60_000);
    await everyPass(run);
    expect(await idsSent(stage)).toEqual([1, 2, 3]);
  });
});

async function everyPass(run: Awaited<ReturnType<typeof sentStage>>["run"]): Promise<void> {
  await fastPass(run);
  await overlapPass(run);
  await absencePass(run);
}
