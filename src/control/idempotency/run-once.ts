import { AppError } from "../../contract/errors.ts";
import type { Tx } from "../../db/database.ts";
import { tenantTx } from "../../db/tx.ts";
import { openSealed, seal } from "../../platform/seal.ts";
import type { ActionContext } from "../context.ts";
import { type KeyedRequest, reserve, type Slot, slotOf, type StoredReply } from "./reserve.ts";

/** Status and body of a reply; `replayed` when an earlier request under the same key made it. */
export type Outcome = { status: number; body: unknown; replayed: boolean };

type Work = (ctx: ActionContext) => Promise<{ status: number; body: unknown }>;

/**
 * Runs `work` once for an Idempotency-Key and keeps its reply 24 hours. The change itself marks the key's row in its own
 * transaction (ctx.withEntry), so that whether it took place is known whatever ends in between. Members of the reply
 * named in `shownOnce` are never stored: a repetition has `secret_shown: false` instead. A request that is refused,
 * or fails before its change, frees its key for a mended one. Refuses like `reserve`.
 */
// oxlint-disable-next-line aqueduto/guarded-verb, aqueduto/audited-verb -- keeps books of a request whose own verb checks scope and writes the audit
export async function runOnce(ctx: ActionContext, request: KeyedRequest & { shownOnce: readonly string[] }, work: Work): Promise<Outcome> {
  const slot = slotOf(ctx, request);
  const stored = await reserve(ctx, request);
  if (stored !== undefined) return replay(ctx, stored);
  const made = await workInSlot(ctx, slot, work);
  await complete(ctx, slot, { status: made.status, body: storable(made.body, request.shownOnce) });
  return { ...made, replayed: false };
}

async function workInSlot(ctx: ActionContext, slot: Slot, work: Work): Promise<{ status: number; body: unknown }> {
  try {
    return await work({ ...ctx, withEntry: (tx) => markChanged(tx, slot, ctx.requestId) });
  } catch (error) {
    await release(ctx, slot, isRefusal(error));
    throw error;
  }
}

/** A request that took this place over has the say: this one's change is rolled back. */
async function markChanged(tx: Tx, slot: Slot, requestId: string): Promise<void> {
  const marked = await tx
    .updateTable("request")
    .set({ state: "changed" })
    .where("tenant_id", "=", slot.tenant_id)
    .where("slot", "=", slot.slot)
    .where("request_id", "=", requestId)
    .returning("slot")
    .executeTakeFirst();
  if (marked === undefined) throw new AppError("request-in-progress", "a later request with this key has taken over");
}

/** A refusal has changed nothing, though a verb may have noted it in the audit. */
function isRefusal(error: unknown): boolean {
  return error instanceof AppError && error.status < 500;
}

/** Only what changed nothing frees its key. A store that is away leaves the row; it is taken over later. */
async function release(ctx: ActionContext, slot: Slot, refused: boolean): Promise<void> {
  const freed = tenantTx(ctx.db, ctx.tenantId, (tx) =>
    tx
      .deleteFrom("request")
      .where("tenant_id", "=", slot.tenant_id)
      .where("slot", "=", slot.slot)
      .where("request_id", "=", ctx.requestId)
      .$if(!refused, (rows) => rows.where("state", "=", "running"))
      .execute(),
  );
  // the failure of the request itself is what the caller has to hear
  await freed.catch(() => undefined);
}

async function complete(ctx: ActionContext, slot: Slot, reply: { status: number; body: unknown }): Promise<void> {
  const reply_sealed = seal(ctx.keyring.data, JSON.stringify(reply.body), sealContext(ctx.requestId));
  const stored = tenantTx(ctx.db, ctx.tenantId, (tx) =>
    tx
      .updateTable("request")
      .set({ state: "done", status: reply.status, reply_sealed })
      .where("tenant_id", "=", slot.tenant_id)
      .where("slot", "=", slot.slot)
      .where("request_id", "=", ctx.requestId)
      .execute(),
  );
  // the change is made and its caller is there: they get the reply; a repetition will be told that it was lost
  await stored.catch(() => undefined);
}

function replay(ctx: ActionContext, stored: StoredReply): Outcome {
  const text = openSealed(ctx.keyring, stored.sealed, sealContext(stored.requestId)).toString();
  return { status: stored.status, body: JSON.parse(text), replayed: true };
}

function storable(body: unknown, shownOnce: readonly string[]): unknown {
  if (shownOnce.length === 0 || typeof body !== "object" || body === null) return body;
  const kept = Object.entries(body).filter(([name]) => !shownOnce.includes(name));
  return { ...Object.fromEntries(kept), secret_shown: false };
}

function sealContext(requestId: string): string {
  return `request.reply:${requestId}`;
}
