import { appendAdminEntry } from "../../audit/append.ts";
import { AppError } from "../../contract/errors.ts";
import type { Rotate, RotatedKey } from "../../contract/keyring.ts";
import { lockKeyChecks } from "../../db/check-keys.ts";
import { tenantTx } from "../../db/tx.ts";
import type { KeyCheck } from "../../platform/keyring.ts";
import type { ActionContext } from "../context.ts";
import { requireWholeTenant } from "../partner-scope.ts";
import { requireScope } from "../require-scope.ts";

/** How long every node has to read a new key before the first of them uses it; nodes look every 2 s. */
export const settleMs = 10_000;

/** Makes the file of a new key in this node's key directory. */
export type KeyMaker = (purpose: Rotate["purpose"]) => KeyCheck;

/**
 * Makes a new pepper or data key. It goes live 10 s later (promote.ts), when every node has read it; what stands under the
 * key before is rewritten in the background. `conflict` while a rotation of this purpose is under way, or two peppers live.
 */
export async function rotateKey(ctx: ActionContext, input: Rotate, makeKey: KeyMaker): Promise<RotatedKey> {
  requireScope(ctx, "keyring:write");
  requireWholeTenant(ctx);
  const now = ctx.clock.now();
  return tenantTx(ctx.db, ctx.tenantId, async (tx) => {
    // two at once, be it of two purposes or one: the second sees what the first made
    await lockKeyChecks(tx);
    const others = await tx.selectFrom("key_check").select(["kid", "state"]).where("purpose", "=", input.purpose).execute();
    const next = others.find((key) => key.state === "next");
    if (next !== undefined) throw new AppError("conflict", `key ${next.kid} is about to go live; rotate again afterwards`);
    const old = others.find((key) => key.state === "old");
    if (input.purpose === "pepper" && old !== undefined)
      throw new AppError("conflict", `pepper ${old.kid} still answers, and no more than two may: let it end first (aqueduto keys end)`);
    const { kid, purpose, check_value, state } = makeKey(input.purpose);
    await tx.insertInto("key_check").values({ kid, purpose, check_value, state, created_at: now, asked_by: ctx.tenantId }).execute();
    await appendAdminEntry(tx, ctx, {
      action: "keyring.rotate",
      target: { kind: "keyring", id: kid },
      detail: { purpose, reason: input.reason },
    });
    return { kid, purpose: input.purpose, state: "next" as const, live_from: new Date(now.getTime() + settleMs).toISOString() };
  });
}
