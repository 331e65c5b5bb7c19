import { lockKeyChecks } from "../../db/check-keys.ts";
import type { Db, Tx } from "../../db/database.ts";
import { platformTx } from "../../db/tx.ts";
import type { KeyPurpose } from "../../platform/keyring.ts";
import type { ActionContext } from "../context.ts";
import { settleMs } from "./rotate.ts";

/** Job: lets keys go live whose time to be read by every node is over; the ones before become old. Returns their ids. */
// oxlint-disable-next-line aqueduto/guarded-verb, aqueduto/audited-verb -- carries out what rotateKey checked and wrote down, at the time it stated
export async function promoteKeys(ctx: { db: Db } & Pick<ActionContext, "clock">): Promise<string[]> {
  const readBefore = new Date(ctx.clock.now().getTime() - settleMs);
  return platformTx(ctx.db, async (tx) => {
    await lockKeyChecks(tx);
    const due = await tx
      .selectFrom("key_check")
      .select(["kid", "purpose", "asked_by"])
      .where("state", "=", "next")
      .where("created_at", "<=", readBefore)
      .execute();
    for (const key of due) await promote(tx, key);
    return due.map((key) => key.kid);
  });
}

type NextKey = { kid: string; purpose: KeyPurpose; asked_by: string | null };

async function promote(tx: Tx, key: NextKey): Promise<void> {
  // two indexes allow one live key and one more pepper: the next one leaves its place before the live one takes it
  const live = await tx
    .selectFrom("key_check")
    .select("kid")
    .where("purpose", "=", key.purpose)
    .where("state", "=", "live")
    .executeTakeFirstOrThrow();
  await tx.updateTable("key_check").set({ state: "ended" }).where("kid", "=", key.kid).execute();
  await tx.updateTable("key_check").set({ state: "old", asked_by: key.asked_by }).where("kid", "=", live.kid).execute();
  await tx.updateTable("key_check").set({ state: "live" }).where("kid", "=", key.kid).execute();
}
