import Type, { type Static } from "typebox";
import { Id, Instant, nullable, page, pageQuery, strict, text } from "./fields.ts";
import { lgpdClasses } from "./lgpd.ts";
import type { Route } from "./route.ts";

/** Notification to authority and persons, and completion of it, in business days (Res. CD/ANPD 15/2024, arts. 6 and 9). */
export const incidentTerms = { notifyDays: 3, completeDays: 20 } as const;

export const IncidentState = Type.Enum(["opened", "assessed", "notified", "completed", "closed"]);
/** People write it, on several lines; data of the persons affected does not belong here. */
const LongText = Type.String({ minLength: 1, maxLength: 5000, pattern: "^[^\\u0000\\ud800-\\udfff]*$" });
const Note = LongText;

export const Incident = Type.Object({
  incident_id: Id,
  state: IncidentState,
  title: Type.String(),
  description: Type.String(),
  occurred_at: nullable(Instant),
  /** When the controller knew that personal data were affected: the clock starts. */
  known_at: Instant,
  /** Small-size processing agent: terms are doubled (Res. CD/ANPD 2/2022, art. 14). */
  small_agent: Type.Boolean(),
  notify_due_at: Instant,
  complete_due_at: nullable(Instant),
  risk: nullable(Type.Enum(["relevant", "not_relevant"])),
  categories: Type.Array(Type.String()),
  subjects_estimate: nullable(Type.Integer()),
  measures: nullable(Type.String()),
  notified_at: nullable(Instant),
  subjects_notified_at: nullable(Instant),
  authority_protocol: nullable(Type.String()),
  delay_reason: nullable(Type.String()),
  completed_at: nullable(Instant),
  closed_at: nullable(Instant),
  created_at: Instant,
  /** Of the term that runs: which, when it ends, whole business days left (0 on its last day), whether it is over. */
  clock: nullable(
    Type.Object({
      term: Type.Enum(["notify", "complete"]),
      due_at: Instant,
      business_days_left: Type.Integer(),
      overdue: Type.Boolean(),
    }),
  ),
});
export type Incident = Static<typeof Incident>;

const IncidentStep = Type.Object({
  step: Type.Integer(),
  at: Instant,
  actor_kind: Type.String(),
  actor_id: Type.String(),
  from_state: nullable(IncidentState),
  to_state: IncidentState,
  note: nullable(Type.String()),
});

export const IncidentDetail = Type.Object({ ...Incident.properties, steps: Type.Array(IncidentStep) });
export type IncidentDetail = Static<typeof IncidentDetail>;

export const NewIncident = strict({
  title: text(200),
  description: LongText,
  occurred_at: Type.Optional(Instant),
  known_at: Instant,
  small_agent: Type.Optional(Type.Boolean()),
});
export type NewIncident = Static<typeof NewIncident>;

export const Assessment = strict({
  risk: Type.Enum(["relevant", "not_relevant"]),
  categories: Type.Array(Type.Enum([...lgpdClasses]), { maxItems: 12, uniqueItems: true }),
  subjects_estimate: Type.Optional(Type.Integer({ minimum: 0, maximum: 1_000_000_000 })),
  measures: Type.Optional(LongText),
  note: Type.Optional(Note),
});
export type Assessment = Static<typeof Assessment>;

export const Notification = strict({
  /** When the authority was told; not in the future. */
  notified_at: Instant,
  subjects_notified_at: Type.Optional(Instant),
  authority_protocol: Type.Optional(text(100)),
  /** Needed when the term is over. */
  delay_reason: Type.Optional(text(2000)),
  note: Type.Optional(Note),
});
export type Notification = Static<typeof Notification>;

const params = strict({ incident_id: Id });
const reply = IncidentDetail;

export const incidentRoutes = {
  "GET /v1/incidents": {
    summary: "The incident register, newest first",
    permission: "incidents:read",
    query: strict({ ...pageQuery, state: Type.Optional(IncidentState) }),
    reply: page(Incident),
    status: 200,
    errors: [],
  },
  "POST /v1/incidents": {
    summary: "Open an incident: the term to notify runs from when it was known",
    permission: "incidents:write",
    body: NewIncident,
    reply,
    status: 201,
    errors: [],
    creates: true,
  },
  "GET /v1/incidents/{incident_id}": {
    summary: "Show an incident with its clock and every step",
    permission: "incidents:read",
    params,
    reply,
    status: 200,
    errors: [],
  },
  "POST /v1/incidents/{incident_id}/assess": {
    summary: "Record risk, categories and measures; may be repeated until the authority is notified",
    permission: "incidents:write",
    params,
    body: Assessment,
    reply,
    status: 200,
    errors: ["conflict"],
  },
  "POST /v1/incidents/{incident_id}/notify": {
    summary: "Record that the authority (and the persons) were told; the term to complete begins",
    permission: "incidents:write",
    params,
    body: Notification,
    reply,
    status: 200,
    errors: ["conflict"],
  },
  "POST /v1/incidents/{incident_id}/complete": {
    summary: "Record that the notification was completed",
    permission: "incidents:write",
    params,
    body: strict({ subjects_notified_at: Type.Optional(Instant), delay_reason: Type.Optional(text(2000)), note: Type.Optional(Note) }),
    reply,
    status: 200,
    errors: ["conflict"],
  },
  "POST /v1/incidents/{incident_id}/close": {
    summary: "Close an incident that is completed, or was assessed without relevant risk; it stays in the register",
    permission: "incidents:write",
    params,
    body: strict({ reason: Note }),
    reply,
    status: 200,
    errors: ["conflict"],
  },
  "POST /v1/incidents/{incident_id}/notes": {
    summary: "Add a note to an incident",
    permission: "incidents:write",
    params,
    body: strict({ note: Note }),
    reply,
    status: 200,
    errors: ["conflict"],
  },
  "POST /v1/incident-register/export": {
    summary: "The whole incident register as lines of JSON or as CSV; the export is audited",
    permission: "incidents:read",
    body: strict({ format: Type.Optional(Type.Enum(["ndjson", "csv"])) }),
    reply: Incident,
    status: 200,
    errors: [],
    stream: true,
    csv: Object.keys(Incident.properties).filter((name) => name !== "clock"),
  },
} as const satisfies Record<string, Route>;
