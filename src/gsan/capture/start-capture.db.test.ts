import pg from "pg";
import { describe, expect, test } from "vitest";
import {
  type CaptureStage,
  createTestTenant,
  idsSent,
  loadTestGsan,
  quietLog,
  testKey,
  useCaptureBed,
} from "../../../test/helpers/capture.ts";
import { tenantTx } from "../../db/tx.ts";
import { systemClock } from "../../platform/clock.ts";
import { seal } from "../../platform/seal.ts";
import { Secret } from "../../platform/secret.ts";
import { gsanUrlContext, registerBase } from "./register-base.ts";
import { type Capture, type CaptureOptions, startCapture } from "./start-capture.ts";

const bed = useCaptureBed();

/** A capture role whose passes run when poked (the timers are long), ended with the test. */
async function start(stage: CaptureStage, more: Partial<CaptureOptions> = {}): Promise<Capture & AsyncDisposable> {
  const capture = await startCapture({
    db: stage.platform.db,
    keyring: { data: testKey, oldData: new Map() },
    log: quietLog,
    clock: systemClock,
    nodeId: "node_test",
    basesEveryMs: 600_000,
    fastEveryMs: 600_000,
    absenceEveryMs: 0,
    ...more,
  });
  return { ...capture, [Symbol.asyncDispose]: () => capture.drain(10_000) };
}

async function setState(stage: CaptureStage, state: "active" | "paused" | "retired"): Promise<void> {
  await tenantTx(stage.platform.db, stage.base.tenantId, (tx) => tx.updateTable("gsan_base").set({ state }).execute());
}

/** Ends every connection of capture to this database, as a restart of its server does. */
async function cutConnections(url: string, applicationName: string): Promise<number> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND application_name = $1 AND pid <> pg_backend_pid()",
      [applicationName],
    );
    return rows.length;
  } finally {
    await client.end();
  }
}

/** Pokes until the payments are captured; a turn may fail while a database is away. */
async function pokeUntil(capture: Capture, sent: () => Promise<boolean>): Promise<void> {
  for (let turns = 0; !(await sent()); turns += 1) {
    expect(turns).toBeLessThan(50);
    await capture.poke();
  }
}

describe("the capture role", () => {
  test("takes the baseline of a registered base, is then ready, and captures what follows", async () => {
    await using stage = await bed.stage();
    await stage.gsan.pay({ id: 1, clie: 1400 });
    await using capture = await start(stage);
    await capture.poke();
    expect(capture.readiness()).toEqual({ ready: true });
    await stage.gsan.pay({ id: 2, clie: 1400 });
    await capture.poke();
    expect(await idsSent(stage)).toEqual([2]);
  });

  test("runs by itself, without being poked", async () => {
    await using stage = await bed.stage();
    await using capture = await start(stage, { fastEveryMs: 5 });
    await capture.poke();
    await stage.gsan.pay({ id: 1, clie: 1400 });
    await expect.poll(() => idsSent(stage), { timeout: 15_000 }).toEqual([1]);
  });

  test("notices a new base, leaves a paused one alone and goes on where it was", async () => {
    await using stage = await bed.stage();
    await setState(stage, "paused");
    await using capture = await start(stage);
    await capture.poke();
    await stage.gsan.pay({ id: 1, clie: 1400 });
    await setState(stage, "active");
    await capture.poke();
    await stage.gsan.pay({ id: 2, clie: 1400 });
    await setState(stage, "paused");
    await capture.poke();
    expect(await idsSent(stage)).toEqual([]);
    await setState(stage, "active");
    await capture.poke();
    expect(await idsSent(stage)).toEqual([2]);
  });

  test("emits once when two processes run, and the second takes over from a drained first", async () => {
    await using stage = await bed.stage();
    await using first = await start(stage, { nodeId: "node_1" });
    await first.poke();
    await using second = await start(stage, { nodeId: "node_2" });
    await stage.gsan.pay({ id: 1, clie: 1400 }, { id: 2, clie: 1400 });
    await Promise.all([second.poke(), first.poke()]);
    await Promise.all([first.poke(), second.poke()]);
    expect(second.readiness()).toEqual({ ready: true });
    expect(await idsSent(stage)).toEqual([1, 2]);
    await first.drain(10_000);
    await stage.gsan.pay({ id: 3, clie: 1400 });
    await second.poke();
    expect(await idsSent(stage)).toEqual([1, 2, 3]);
  });

  test("outlives the loss of its connections to either database", async () => {
    await using stage = await bed.stage();
    await using capture = await start(stage);
    await capture.poke();
    await stage.gsan.pay({ id: 1, clie: 1400 });
    expect(await cutConnections(stage.gsan.url, "aqueduto-capture")).toBeGreaterThan(0);
    await pokeUntil(capture, async () => (await idsSent(stage)).length === 1);
    await stage.gsan.pay({ id: 2, clie: 1400 });
    expect(await cutConnections(stage.platform.ownerUrl, "aqueduto-test")).toBeGreaterThan(0);
    await capture.poke();
    await pokeUntil(capture, async () => (await idsSent(stage)).length === 2);
    expect(capture.readiness()).toEqual({ ready: true });
  });

  test("says which base it cannot reach, without its URL, and follows a corrected URL", async () => {
    await using stage = await bed.stage();
    const { db } = stage.platform;
    const setUrl = (url: string) =>
      tenantTx(db, "ten_a", (tx) =>
        tx
          .updateTable("gsan_base")
          .set({ url_sealed: seal(testKey, url, gsanUrlContext("gsb_a")) })
          .execute(),
      );
    await setUrl("postgres://gsan:hidden-word@127.0.0.1:1/gsan");
    await using capture = await start(stage);
    await capture.poke();
    const { ready, reason } = capture.readiness();
    expect(ready).toBe(false);
    expect(reason).toContain("gsb_a");
    expect(reason).not.toContain("hidden-word");
    await setUrl(stage.gsan.url);
    await capture.poke();
    expect(capture.readiness()).toEqual({ ready: true });
  });

  test("skips a base whose URL does not open and captures the others", async () => {
    await using stage = await bed.stage();
    const { db } = stage.platform;
    await createTestTenant(db, "ten_b");
    const otherKey = { kid: "other", key: Buffer.alloc(32, 9) };
    await tenantTx(db, "ten_b", (tx) =>
      registerBase(tx, otherKey, { tenantId: "ten_b", name: "GSAN", url: new Secret(stage.gsan.url), mode: "live" }),
    );
    await using capture = await start(stage);
    await capture.poke();
    await stage.gsan.pay({ id: 1, clie: 1400 });
    await capture.poke();
    expect(await idsSent(stage)).toEqual([1]);
  });

  test("reads a LATIN1 base", async () => {
    await using stage = await bed.stage();
    const name = `${stage.platform.name}_latin1`;
    const admin = new pg.Client({ connectionString: stage.platform.ownerUrl });
    await admin.connect();
    await admin.query(`CREATE DATABASE ${name} TEMPLATE template0 ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C'`);
    const url = new URL(stage.platform.ownerUrl);
    url.pathname = `/${name}`;
    const gsan = await loadTestGsan(url.href, async () => {
      await admin.query(`DROP DATABASE ${name} WITH (FORCE)`);
      await admin.end();
    });
    await using _gsan = gsan;
    await tenantTx(stage.platform.db, "ten_a", (tx) =>
      tx
        .updateTable("gsan_base")
        .set({ url_sealed: seal(testKey, url.href, gsanUrlContext("gsb_a")) })
        .execute(),
    );
    await using capture = await start(stage);
    await capture.poke();
    await gsan.run("UPDATE cadastro.cliente SET clie_nmcliente = 'JOSÉ DA CONCEIÇÃO' WHERE clie_id = 1400");
    await gsan.pay({ id: 1, clie: 1400 });
    await capture.poke();
    expect(await idsSent(stage)).toEqual([1]);
  });
});
