import Type, { type Static } from "typebox";
import { Id, Instant, Mode, nullable, page, pageQuery, strict, text } from "./fields.ts";
import type { Route } from "./route.ts";

export const Event = Type.Object({
  event_id: Id,
  type: Type.String(),
  mode: Mode,
  /** Who produced it: `capture:<base>` or `callback:<key>`, and the key that makes it unique there. */
  source: Type.String(),
  source_key: Type.String(),
  created_at: Instant,
  /** When the webhooks for it were found, and how many; null = not looked for yet. */
  fanned_at: nullable(Instant),
  matched: nullable(Type.Integer()),
});
export type Event = Static<typeof Event>;

/** One key, the event type; its value, the items. Each item must match the type's schema and is kept byte for byte. */
export const Envelope = Type.Record(text(100), Type.Array(Type.Unknown(), { minItems: 1, maxItems: 1000 }), {
  minProperties: 1,
  maxProperties: 1,
});

export const AcceptedEvents = Type.Object({ ids: Type.Array(Id) });
export type AcceptedEvents = Static<typeof AcceptedEvents>;

export const eventRoutes = {
  "POST /v1/events": {
    summary: "Hand in events of one type; 202 once they are stored, the same ids when the key returns",
    permission: "events:write",
    query: strict({ mode: Type.Optional(Type.Enum(["live", "test"])) }),
    headers: Type.Object({ "idempotency-key": Type.String({ pattern: "^[\\x21-\\x7e]{1,128}$" }) }),
    body: Envelope,
    rawBody: true,
    reply: AcceptedEvents,
    status: 202,
    errors: ["conflict"],
  },
  "GET /v1/events": {
    summary: "List events, newest first; their bodies are not shown",
    permission: "events:read",
    query: strict({ ...pageQuery, type: Type.Optional(text(100)) }),
    reply: page(Event),
    status: 200,
    errors: [],
  },
} as const satisfies Record<string, Route>;
