import { AppError } from "../../contract/errors.ts";
import type { Tx } from "../../db/database.ts";
import { tenantTx } from "../../db/tx.ts";
import type { ActionContext } from "../context.ts";
import { keyedHash } from "../user/email.ts";

const keptMs = 24 * 3_600_000;
/** Longer than any call may take: a row that is older and not done belongs to a process that ended or lost its store. */
const runningMs = 60_000;

/** A request with an Idempotency-Key. `input` is all that decides what it does: parameters, query, body. */
export type KeyedRequest = { route: string; key: string; input: unknown };

/** The place of this actor's key at this route. */
export type Slot = { tenant_id: string; slot: Buffer };

export type StoredReply = { status: number; sealed: Buffer; requestId: string };

type RequestRow = { input_hash: Buffer; request_id: string; state: string; status: number | null; reply_sealed: Buffer | null };

export function slotOf(ctx: ActionContext, request: KeyedRequest): Slot {
  const { kind, id } = ctx.actor;
  return { tenant_id: ctx.tenantId, slot: keyedHash(ctx.keyring, "request.slot", JSON.stringify([kind, id, request.route, request.key])) };
}

/**
 * Takes the place of a key for this request, or gives the reply that an earlier one left. A place whose request never
 * changed anything is taken over. Refuses: `conflict` (another request under this key), `request-in-progress`,
 * `outcome-unknown` (the change was made, its reply was lost).
 */
// oxlint-disable-next-line aqueduto/guarded-verb, aqueduto/audited-verb -- keeps books of a request whose own verb checks scope and writes the audit
export async function reserve(ctx: ActionContext, request: KeyedRequest): Promise<StoredReply | undefined> {
  const slot = slotOf(ctx, request);
  // keyed: a body may hold a secret that is short enough to be guessed from a plain hash
  const input_hash = keyedHash(ctx.keyring, "request.input", JSON.stringify(request.input));
  const attempt = { slot, input_hash, requestId: ctx.requestId, now: ctx.clock.now() };
  return tenantTx(ctx.db, ctx.tenantId, async (tx) => ((await insertRow(tx, attempt)) ? undefined : settleEarlier(tx, attempt)));
}

type Attempt = { slot: Slot; input_hash: Buffer; requestId: string; now: Date };

/** Whether the place was free (or its 24 hours over) and is now this request's. */
async function insertRow(tx: Tx, { slot, input_hash, requestId, now }: Attempt): Promise<boolean> {
  const { tenant_id } = slot;
  await tx.deleteFrom("request").where("tenant_id", "=", tenant_id).where("slot", "=", slot.slot).where("expires_at", "<=", now).execute();
  const times = { started_at: now, expires_at: new Date(now.getTime() + keptMs) };
  const made = await tx
    .insertInto("request")
    .values({ ...slot, ...times, input_hash, request_id: requestId, state: "running" })
    .onConflict((conflict) => conflict.doNothing())
    .returning("request_id")
    .executeTakeFirst();
  return made !== undefined;
}

async function settleEarlier(tx: Tx, { slot, input_hash, requestId, now }: Attempt): Promise<StoredReply | undefined> {
  const row = await tx
    .selectFrom("request")
    .select(["input_hash", "request_id", "state", "status", "reply_sealed", "started_at"])
    .where("tenant_id", "=", slot.tenant_id)
    .where("slot", "=", slot.slot)
    .forUpdate()
    .executeTakeFirst();
  if (row === undefined) throw new AppError("request-in-progress", "the request before has just ended; repeat");
  const isOver = now.getTime() - row.started_at.getTime() >= runningMs;
  if (row.state === "running" && isOver) return takeOver(tx, { slot, input_hash, requestId, now });
  if (!row.input_hash.equals(input_hash)) throw otherRequest();
  if (row.reply_sealed !== null && row.status !== null) {
    return { status: row.status, sealed: row.reply_sealed, requestId: row.request_id };
  }
  if (!isOver) throw new AppError("request-in-progress", "repeat with the same key in a moment");
  throw replyLost(row);
}

/** The request before ended without a change: this one, even another, has the place. */
async function takeOver(tx: Tx, { slot, input_hash, requestId, now }: Attempt): Promise<undefined> {
  await tx
    .updateTable("request")
    .set({ input_hash, request_id: requestId, started_at: now })
    .where("tenant_id", "=", slot.tenant_id)
    .where("slot", "=", slot.slot)
    .execute();
  return undefined;
}

function otherRequest(): AppError {
  return new AppError("conflict", "this Idempotency-Key was used for another request; use a new key", {
    pointer: "/headers/idempotency-key",
  });
}

function replyLost(row: RequestRow): AppError {
  return new AppError(
    "outcome-unknown",
    `the change was made by request ${row.request_id}, but its reply was lost: find what it made in the admin log, and use a new key`,
  );
}
