import { type Mode, type Target, type Variant, variantFor } from "./target.ts";

/** An event that waits for its fan-out; `bytes` is the size of its item. */
export type UnfannedEvent = { event_id: string; day: string; type: string; mode: Mode; bytes: number };

export type PlannedDelivery = { webhookId: string; type: string; variant: Variant; eventDay: string; eventIds: string[] };

/** Items of one delivery together; a single item may be larger than this no more than an event may. */
const bodyBytesAtMost = 256 * 1024;

/** Events of one enqueue call share this many leading characters of their id (migration 0003). */
const callPrefixLength = 24;

/**
 * Which deliveries a page of events becomes. Each webhook gets the events that are for it, in their order; items of one
 * enqueue call go together, at most `max_batch` a delivery. `matched[i]` = webhooks that get event i.
 */
export function planDeliveries(
  events: readonly UnfannedEvent[],
  targets: readonly Target[],
  now: Date,
): { deliveries: PlannedDelivery[]; matched: number[] } {
  const matched = events.map(() => 0);
  const deliveries = targets.flatMap((target) => {
    const open = new Map<string, { delivery: PlannedDelivery; bytes: number }>();
    const planned: PlannedDelivery[] = [];
    events.forEach((event, i) => {
      const variant = variantFor(target, event, now);
      if (variant === undefined) return;
      matched[i] = (matched[i] ?? 0) + 1;
      const call = `${event.event_id.slice(0, callPrefixLength)}/${event.type}/${event.day}`;
      const current = open.get(call);
      if (current !== undefined && hasRoom(current, event, target.maxBatch)) {
        current.delivery.eventIds.push(event.event_id);
        current.bytes += event.bytes;
        return;
      }
      const delivery = { webhookId: target.webhookId, type: event.type, variant, eventDay: event.day, eventIds: [event.event_id] };
      open.set(call, { delivery, bytes: event.bytes });
      planned.push(delivery);
    });
    return planned;
  });
  return { deliveries, matched };
}

function hasRoom(current: { delivery: PlannedDelivery; bytes: number }, event: UnfannedEvent, maxBatch: number): boolean {
  return current.delivery.eventIds.length < maxBatch && current.bytes + event.bytes <= bodyBytesAtMost;
}
