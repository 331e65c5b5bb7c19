import { appendAdminEntry } from "../../audit/append.ts";
import { lockKeyChecks } from "../../db/check-keys.ts";
import type { Tx } from "../../db/database.ts";
import { platformTx } from "../../db/tx.ts";
import type { ActionContext } from "../context.ts";
import { lockPolicy } from "../policy-lock.ts";
import { requireScope } from "../require-scope.ts";
import { countPeppered } from "./list.ts";

const endedReason = "its pepper ended";

type JobContext = Omit<ActionContext, "tenantId">;

/**
 * Job: ends old peppers that nothing stands under any more, and those whose stated date has come, with the tokens and API
 * keys that still do. Returns the ids of the peppers that ended.
 */
export async function closePeppers(ctx: JobContext): Promise<string[]> {
  requireScope(ctx, "keyring:write");
  const now = ctx.clock.now();
  return platformTx(ctx.db, async (tx) => {
    await lockKeyChecks(tx);
    const old = await tx
      .selectFrom("key_check")
      .select(["kid", "ends_at", "asked_by"])
      .where("purpose", "=", "pepper")
      .where("state", "=", "old")
      .execute();
    if (old.length === 0) return [];
    const counts = await countPeppered(tx);
    const due = old.filter((key) => (counts.get(key.kid) ?? 0) === 0 || (key.ends_at !== null && key.ends_at <= now));
    for (const key of due) {
      const ended = (counts.get(key.kid) ?? 0) === 0 ? 0 : await endHolders(tx, ctx, key.kid);
      await tx.updateTable("key_check").set({ state: "ended", ended_at: now }).where("kid", "=", key.kid).execute();
      if (key.asked_by !== null) {
        const entry = { action: "keyring.ended", target: { kind: "keyring", id: key.kid }, detail: { tokens_ended: ended } } as const;
        await appendAdminEntry(tx, { ...ctx, tenantId: key.asked_by }, entry);
      }
    }
    return due.map((key) => key.kid);
  });
}

/** Writes down what ends with the pepper: nothing can find these rows any more. */
async function endHolders(tx: Tx, ctx: JobContext, kid: string): Promise<number> {
  await lockPolicy(tx);
  const now = ctx.clock.now();
  const tokens = await tx
    .updateTable("token")
    .set({ state: "ended", ended_at: now, ended_reason: endedReason })
    .where("pepper_id", "=", kid)
    .where("state", "<>", "ended")
    .returning(["tenant_id", "token_id as id"])
    .execute();
  const keys = await tx
    .updateTable("api_key")
    .set({ state: "ended" })
    .where("pepper_id", "=", kid)
    .where("state", "=", "active")
    .returning(["tenant_id", "key_id as id"])
    .execute();
  for (const { tenant_id, id } of tokens)
    await appendAdminEntry(
      tx,
      { ...ctx, tenantId: tenant_id },
      { action: "token.end", target: { kind: "token", id }, detail: { reason: endedReason } },
    );
  for (const { tenant_id, id } of keys)
    await appendAdminEntry(
      tx,
      { ...ctx, tenantId: tenant_id },
      { action: "key.end", target: { kind: "api_key", id }, detail: { reason: endedReason } },
    );
  return tokens.length;
}
