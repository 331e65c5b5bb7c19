import { sql } from "kysely";
import { appendAdminEntry } from "../../audit/append.ts";
import { AppError } from "../../contract/errors.ts";
import type { AcceptedEvents } from "../../contract/event.ts";
import type { Tx } from "../../db/database.ts";
import { tenantTx } from "../../db/tx.ts";
import type { ActionContext } from "../context.ts";
import { requireWholeTenant } from "../partner-scope.ts";
import { requireScope } from "../require-scope.ts";
import { checkItems } from "./check-item.ts";
import { sliceEnvelope, type Envelope } from "./slice-envelope.ts";

export type EventsInput = {
  /** The request body as received. */
  text: string;
  idempotencyKey: string;
  mode: "live" | "test";
};

const mostItems = 1000;
const largestItemBytes = 65_536;

/**
 * Takes in the events of one envelope, all or none. The same idempotency key with the same body gives the ids of the
 * first time for 7 days; with another body it is a `conflict`. Keys belong to the API key that used them. The items'
 * text is stored as received. Errors: `bad-request`, `invalid-field` with pointer, `forbidden` for a type the key may not write.
 */
export async function ingestEvents(ctx: ActionContext, input: EventsInput): Promise<AcceptedEvents> {
  requireScope(ctx, "events:write");
  requireWholeTenant(ctx);
  const envelope = sliceEnvelope(input.text);
  if (!ctx.eventTypes.includes(envelope.type)) throw new AppError("forbidden", "this key may not write this event type");
  checkItems(envelope.type, envelope.items);
  checkSizes(envelope);
  const prefix = `${ctx.actor.id}/${input.mode}/${input.idempotencyKey}/`;
  return tenantTx(ctx.db, ctx.tenantId, async (tx) => {
    await sql`SELECT pg_advisory_xact_lock(hashtextextended(${`aqueduto.ingest/${ctx.tenantId}/${prefix}`}, 0))`.execute(tx);
    const ids = await enqueue(tx, ctx, { envelope, prefix, mode: input.mode });
    await refuseOtherBody(tx, ctx.tenantId, { prefix, type: envelope.type, count: envelope.items.length });
    if (ids.created) {
      await appendAdminEntry(tx, ctx, {
        action: "event.ingest",
        target: { kind: "event", id: ids.all[0] ?? "" },
        detail: { type: envelope.type, mode: input.mode, items: envelope.items.length },
      });
    }
    return { ids: ids.all };
  });
}

function checkSizes({ type, items }: Envelope): void {
  const pointer = `/body/${type}`;
  if (items.length > mostItems) throw new AppError("invalid-field", `at most ${mostItems} items are taken at once`, { pointer });
  const large = items.findIndex((item) => Buffer.byteLength(item.text) > largestItemBytes);
  if (large >= 0) throw new AppError("invalid-field", "an item has at most 64 KiB", { pointer: `${pointer}/${large}` });
}

type Batch = { envelope: Envelope; prefix: string; mode: "live" | "test" };

async function enqueue(tx: Tx, ctx: ActionContext, batch: Batch): Promise<{ all: string[]; created: boolean }> {
  const keys = batch.envelope.items.map((_, index) => batch.prefix + index);
  const bodies = batch.envelope.items.map((item) => item.text);
  const { rows } = await sql<{ event_id: string; outcome: string }>`
    SELECT event_id, outcome FROM aqueduto.enqueue_events(${ctx.tenantId}, ${batch.mode}, ${batch.envelope.type},
      ${keys}::text[], ${bodies}::text[], ${`callback:${ctx.actor.id}`})
  `.execute(tx);
  const outcomes = new Set(rows.map((row) => row.outcome));
  if (outcomes.has("conflict") || outcomes.size !== 1) throw otherBody();
  return { all: rows.map((row) => row.event_id), created: outcomes.has("created") };
}

/** The key came before with more items, or with another type: enqueue_events, which sees one type's keys, cannot tell. */
async function refuseOtherBody(tx: Tx, tenantId: string, of: { prefix: string; type: string; count: number }): Promise<void> {
  const others = await tx
    .selectFrom("event_key")
    .select("type")
    .where("tenant_id", "=", tenantId)
    .where((where) =>
      where.or([
        where.and([where("type", "=", of.type), where("key", "=", of.prefix + of.count)]),
        where.and([where("type", "!=", of.type), where("key", "=", `${of.prefix}0`)]),
      ]),
    )
    .limit(1)
    .execute();
  if (others.length > 0) throw otherBody();
}

function otherBody(): AppError {
  return new AppError("conflict", "this Idempotency-Key came before with another body");
}
