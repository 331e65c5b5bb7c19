import type { Selectable } from "kysely";
import type { Event } from "../../contract/event.ts";
import type { Event as EventTable } from "../../db/types.generated.ts";
import { isoOrNull } from "../instants.ts";

/** Never body: it may hold personal data. */
export const eventColumns = ["event_id", "type", "mode", "source", "source_key", "created_at", "fanned_at", "matched"] as const;

type EventRow = Pick<Selectable<EventTable>, (typeof eventColumns)[number]>;

export function eventOf(row: EventRow): Event {
  return {
    event_id: row.event_id,
    type: row.type,
    mode: row.mode,
    source: row.source,
    source_key: row.source_key,
    created_at: row.created_at.toISOString(),
    fanned_at: isoOrNull(row.fanned_at),
    matched: row.matched,
  };
}
