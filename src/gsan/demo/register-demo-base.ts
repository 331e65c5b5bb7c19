import { appendAdminEntry } from "../../audit/append.ts";
import type { Db, Tx } from "../../db/database.ts";
import { tenantTx } from "../../db/tx.ts";
import type { DataKey } from "../../platform/seal.ts";
import { seal } from "../../platform/seal.ts";
import type { Secret } from "../../platform/secret.ts";
import { gsanUrlContext, registerBase } from "../capture/register-base.ts";

export type DemoBaseRow = { db: Db; dataKey: DataKey; tenantId: string; url: Secret };

/** Reversals show soon in the demo: absent in two looks, 2 s apart. */
const reversalDelayMs = 2_000;
const who = { kind: "system", id: "demo" } as const;

/** The demo's base under capture: the one that is there, at the address where it is now, else a new one. */
export async function ensureDemoBase(base: DemoBaseRow): Promise<string> {
  return tenantTx(base.db, base.tenantId, async (tx) => (await relocate(tx, base)) ?? register(tx, base));
}

/**
 * Ends capture of the base that is there, for good: what takes its place is another base, whose ids begin anew.
 * `ensureDemoBase` follows when it is there.
 */
export async function retireDemoBase(base: DemoBaseRow): Promise<void> {
  await tenantTx(base.db, base.tenantId, (tx) =>
    tx.updateTable("gsan_base").set({ state: "retired" }).where("tenant_id", "=", base.tenantId).where("state", "=", "active").execute(),
  );
}

async function relocate(tx: Tx, base: DemoBaseRow): Promise<string | undefined> {
  const there = await tx
    .selectFrom("gsan_base")
    .select("base_id")
    .where("tenant_id", "=", base.tenantId)
    .where("state", "=", "active")
    .executeTakeFirst();
  if (there === undefined) return undefined;
  const url_sealed = seal(base.dataKey, base.url.reveal(), gsanUrlContext(there.base_id));
  await tx
    .updateTable("gsan_base")
    .set({ url_sealed })
    .where("tenant_id", "=", base.tenantId)
    .where("base_id", "=", there.base_id)
    .execute();
  return there.base_id;
}

async function register(tx: Tx, base: DemoBaseRow): Promise<string> {
  const { tenantId, url } = base;
  const baseId = await registerBase(tx, base.dataKey, { tenantId, name: "demo", url, mode: "test", reversalDelayMs });
  const target = { kind: "base", id: baseId };
  await appendAdminEntry(
    tx,
    { tenantId, actor: who, requestId: "job:demo" },
    { action: "base.register", target, detail: { name: "demo" } },
  );
  return baseId;
}
