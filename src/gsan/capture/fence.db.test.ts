import pg from "pg";
import { describe, expect, test } from "vitest";
import {
  type CaptureStage,
  createCaptureStage,
  createTestGsan,
  createTestTenant,
  eventsOf,
  idsSent,
  testKey,
  useCaptureBed,
} from "../../../test/helpers/capture.ts";
import { platformTx, tenantTx } from "../../db/tx.ts";
import { Secret } from "../../platform/secret.ts";
import { openGsan } from "../connection/open-gsan.ts";
import { absencePass } from "./absence-pass.ts";
import { continueBaseline } from "./baseline.ts";
import { acquireLease, assertLease, captureLeaseName, LeaseLostError, releaseLease, renewLease } from "./capture-lease.ts";
import { registerBase } from "./register-base.ts";
import { fastPass, overlapPass } from "./scan-pass.ts";

const bed = useCaptureBed();

type Stage = CaptureStage;

async function asOwner(stage: Stage, sql: string): Promise<void> {
  const owner = new pg.Client({ connectionString: stage.platform.ownerUrl });
  await owner.connect();
  try {
    await owner.query(sql);
  } finally {
    await owner.end();
  }
}

async function expireLease(stage: Stage): Promise<void> {
  await asOwner(stage, "UPDATE aqueduto.lease SET until = now() - interval '1 second' WHERE name LIKE 'capture:%'");
}

function seenCount(stage: Stage): Promise<number> {
  return tenantTx(stage.platform.db, stage.base.tenantId, async (tx) => {
    const rows = await tx.selectFrom("capture_payment").select("pgmt_id").execute();
    return rows.length;
  });
}

describe("the lease of a base", () => {
  test("lets one of two captures in; the other waits until it is given back", async () => {
    await using stage = await bed.stage();
    const wanted = { name: captureLeaseName(stage.base), leaseMs: 60_000 };
    const both = await Promise.all(["a", "b"].map((holder) => acquireLease(stage.platform.db, { ...wanted, holder })));
    const [winner, ...others] = both.filter((lease) => lease !== undefined);
    expect(others).toEqual([]);
    const loser = winner!.holder === "a" ? "b" : "a";
    expect(await acquireLease(stage.platform.db, { ...wanted, holder: loser })).toBeUndefined();
    await releaseLease(stage.platform.db, winner!);
    const next = await acquireLease(stage.platform.db, { ...wanted, holder: loser });
    expect(BigInt(next!.fence)).toBeGreaterThan(BigInt(winner!.fence));
    await expect(renewLease(stage.platform.db, winner!)).rejects.toThrow(LeaseLostError);
    // a late release of the old holder does not end the new one's
    await releaseLease(stage.platform.db, winner!);
    await renewLease(stage.platform.db, next!);
  });

  test("refuses every write of a stale holder, even where nobody took over yet", async () => {
    await using stage = await bed.stage();
    const stale = await stage.open();
    await continueBaseline(stale);
    await stage.gsan.pay({ id: 1, clie: 1400 });
    await expireLease(stage);
    await expect(fastPass(stale)).rejects.toThrow(LeaseLostError);
    expect([await stage.bodies(), await seenCount(stage)]).toEqual([[], 0]);
    const fresh = await stage.open();
    await fastPass(fresh);
    await stage.gsan.pay({ id: 2, clie: 1400 });
    await expect(fastPass(stale)).rejects.toThrow(LeaseLostError);
    await fastPass(fresh);
    await stage.gsan.remove(1);
    await absencePass(fresh);
    stage.clock.advance(2_000);
    await expect(absencePass(stale)).rejects.toThrow(LeaseLostError);
    expect(await idsSent(stage)).toEqual([1, 2]);
  });

  test("refuses every write for a base that was retired, whose address may hold another database by now", async () => {
    await using stage = await bed.stage();
    const run = await stage.open();
    await continueBaseline(run);
    await tenantTx(stage.platform.db, "ten_a", (tx) => tx.updateTable("gsan_base").set({ state: "retired" }).execute());
    await stage.gsan.pay({ id: 9, clie: 1400 });
    await expect(fastPass(run)).rejects.toThrow(LeaseLostError);
    expect(await stage.bodies()).toEqual([]);
  });

  test("cannot change hands while a transaction of the holder is open", async () => {
    await using stage = await bed.stage();
    const run = await stage.open();
    const name = captureLeaseName(stage.base);
    let taken: unknown = "waiting";
    let taking: Promise<void> = Promise.resolve();
    await platformTx(stage.platform.db, async (tx) => {
      await assertLease(tx, { ...run.lease, leaseMs: 0 });
      taking = acquireLease(stage.platform.db, { name, holder: "thief", leaseMs: 60_000 }).then((lease) => {
        taken = lease;
      });
      await waitUntilBlocked(stage);
      expect(taken).toBe("waiting");
    });
    await taking;
    expect(taken).toMatchObject({ holder: "thief" });
  });
});

describe("a capture that dies in the middle of a file", () => {
  test("loses nothing and repeats nothing: pages commit whole or not at all", async () => {
    await using stage = await createCaptureStage();
    const run = await stage.open({ limits: { emitPage: 10 } });
    await continueBaseline(run);
    await stage.gsan.pay(...Array.from({ length: 45 }, (_, i) => ({ id: i + 1, clie: i === 21 ? 1402 : 1400 })));
    // the platform fails at the 25th payment, after its page marked the seen-set and wrote the ledger
    await asOwner(
      stage,
      `
      CREATE FUNCTION public.fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'planted'; END $$;
      CREATE TRIGGER planted BEFORE INSERT ON aqueduto.event FOR EACH ROW WHEN (NEW.source_key = 'gsb_a/25') EXECUTE FUNCTION public.fail()`,
    );
    await expect(fastPass(run)).rejects.toThrow("planted");
    expect(await idsSent(stage)).toEqual(Array.from({ length: 20 }, (_, i) => i + 1));
    expect(await seenCount(stage)).toBe(20);
    await asOwner(stage, "DROP TRIGGER planted ON aqueduto.event");
    await expireLease(stage);
    const next = await stage.open({ limits: { emitPage: 7 } });
    expect(await fastPass(next)).toEqual({ sent: 25, held: 0, complete: true });
    await overlapPass(next);
    expect(await idsSent(stage)).toEqual(Array.from({ length: 45 }, (_, i) => i + 1));
  });

  test("does not move the mark over what a stopped pass left unread", async () => {
    await using stage = await bed.stage();
    let asked = 0;
    const run = await stage.open({ limits: { emitPage: 2, nearWindow: 0 }, stopping: () => (asked += 1) > 2 });
    await continueBaseline({ ...run, stopping: () => false });
    await stage.gsan.pay(...Array.from({ length: 9 }, (_, i) => ({ id: i + 1, clie: 1400 })));
    stage.clock.advance(120_000);
    expect(await fastPass(run)).toMatchObject({ complete: false });
    stage.clock.advance(120_000);
    const rest = await fastPass({ ...run, stopping: () => false });
    expect(rest.complete).toBe(true);
    expect(await idsSent(stage)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });
});

describe("two tenants", () => {
  test("capture the same ids of their own bases apart, each in its own rows", async () => {
    await using first = await bed.stage();
    await using gsanOfB = await createTestGsan();
    const { db } = first.platform;
    await createTestTenant(db, "ten_b");
    await tenantTx(db, "ten_b", (tx) =>
      registerBase(tx, testKey, { tenantId: "ten_b", baseId: "gsb_a", name: "GSAN", url: new Secret(gsanOfB.url), mode: "test" }),
    );
    const one = await first.open();
    const baseB = { ...first.base, tenantId: "ten_b" };
    const lease = await acquireLease(db, { name: captureLeaseName(baseB), holder: "b", leaseMs: 60_000 });
    const second = openGsan({ url: gsanOfB.url, max: 2, applicationName: "aqueduto-test" });
    const two = { ...one, base: baseB, lease: lease!, gsan: second.pool };
    await continueBaseline(one);
    await continueBaseline(two);
    await first.gsan.pay({ id: 1, clie: 1400 });
    await gsanOfB.pay({ id: 1, clie: 1401 }, { id: 2, clie: 1401 });
    await fastPass(one);
    await fastPass(two);
    await first.gsan.remove(1);
    await absencePass(one);
    first.clock.advance(2_000);
    await absencePass(one);
    await absencePass(two);
    await second.close();
    expect((await eventsOf(db, "ten_a")).map((event) => [event.type, event.key])).toEqual([
      ["client-transaction", "gsb_a/1"],
      ["client-transaction-reversed", "gsb_a/1"],
    ]);
    expect((await eventsOf(db, "ten_b")).map((event) => event.body)).toEqual([
      `{"idtransaction":1,"idcliente":"01401-0","valorpago":10}`,
      `{"idtransaction":2,"idcliente":"01401-0","valorpago":10}`,
    ]);
  });

  test.each(["gsan_base", "capture_seen", "capture_payment", "capture_mark", "capture_reconciliation", "capture_difference"] as const)(
    "see nothing of each other in %s, and cannot write it",
    async (table) => {
      await using stage = await bed.stage();
      const { db } = stage.platform;
      await createTestTenant(db, "ten_b");
      await asOwner(
        stage,
        `
        INSERT INTO aqueduto.capture_seen VALUES ('ten_a', 'gsb_a', 0, repeat('0', 4096)::bit(4096));
        INSERT INTO aqueduto.capture_payment VALUES ('ten_a', 'gsb_a', 1, 'sent', 10, 1, now());
        INSERT INTO aqueduto.capture_mark VALUES ('ten_a', 'gsb_a', now(), 1);
        INSERT INTO aqueduto.capture_reconciliation VALUES ('ten_a', 'gsb_a', '2026-01-01', 0, 1, 1, 0);
        INSERT INTO aqueduto.capture_difference VALUES ('ten_a', 'gsb_a', '2026-01-01', 1, 1, 1, 0, 0, 0)`,
      );
      const rows = (tenant: string) => tenantTx(db, tenant, (tx) => tx.selectFrom(table).select("tenant_id").execute());
      expect(await rows("ten_a")).toHaveLength(1);
      expect(await rows("ten_b")).toEqual([]);
      expect(await db.selectFrom(table).select("tenant_id").execute()).toEqual([]);
      const stolen = tenantTx(db, "ten_b", (tx) =>
        tx.insertInto("capture_mark").values({ tenant_id: "ten_a", base_id: "gsb_a", noted_at: new Date(), max_id: 5n }).execute(),
      );
      await expect(stolen).rejects.toThrow("row-level security");
    },
  );
});

/** Until a backend of this database waits for a lock. */
async function waitUntilBlocked(stage: Stage): Promise<void> {
  for (;;) {
    const { rows } = await stage.platform.pool.query(
      "SELECT 1 FROM pg_locks l JOIN pg_stat_activity a USING (pid) WHERE NOT l.granted AND a.datname = current_database()",
    );
    if (rows.length > 0) return;
  }
}
