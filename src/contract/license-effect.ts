import Type, { type Static } from "typebox";
import { Instant, nullable } from "./fields.ts";
import { Show } from "./license-content.ts";

/** A field of an operation whose level changes. */
export const CellChange = Type.Object({
  operation_id: Type.String(),
  /** JSON pointer in the answer, `*` = each list item. */
  field: Type.String(),
  lgpd_class: Type.String(),
  from: Show,
  to: Show,
});
export type CellChange = Static<typeof CellChange>;

const OperationChange = Type.Object({
  operation_id: Type.String(),
  from: Type.Boolean(),
  to: Type.Boolean(),
  /** Its request names personal data, or it writes: opening it opens personal data whatever its answer shows. */
  personal: Type.Boolean(),
});

const Variant = Type.Enum(["none", "thin", "whole"]);
const EventChange = Type.Object({ event_type: Type.String(), from: Variant, to: Variant, personal: Type.Boolean() });

/** Any other member that changes; values as JSON text. `opens`: more, longer, looser, or for another purpose. */
const TermChange = Type.Object({
  member: Type.String(),
  from: nullable(Type.String()),
  to: nullable(Type.String()),
  effect: Type.Enum(["opens", "closes", "neutral"]),
});
export type TermChange = Static<typeof TermChange>;

/** What a version would change against the published one. Its `effect` names all of it: approval and publication repeat it. */
export const Changes = Type.Object({
  /** The published version it is compared with; null = none yet. */
  against: nullable(Type.Integer()),
  cells: Type.Array(CellChange),
  operations: Type.Array(OperationChange),
  events: Type.Array(EventChange),
  terms: Type.Array(TermChange),
  cells_opened: Type.Integer(),
  cells_closed: Type.Integer(),
  /** It opens nothing at all: one person may publish it. */
  only_closes: Type.Boolean(),
  /** It opens personal data: another person than its authors approves it. */
  needs_second_person: Type.Boolean(),
});
export type Changes = Static<typeof Changes>;

/**
 * What the last seven days' calls would have got. refused: 404; narrower: fewer fields or more of them masked; wider;
 * mixed: both. Objects are not recorded, so a change of the object scope is not counted here.
 */
export const TrafficEffect = Type.Object({
  from: Instant,
  to: Instant,
  operations: Type.Array(
    Type.Object({
      operation_id: Type.String(),
      calls: Type.Integer(),
      answered: Type.Integer(),
      outcome: Type.Enum(["same", "refused", "opened", "narrower", "wider", "mixed"]),
    }),
  ),
  /** Answered calls that would have been refused, and that would have got less. */
  refused: Type.Integer(),
  narrower: Type.Integer(),
});
export type TrafficEffect = Static<typeof TrafficEffect>;

export const LicenseEffect = Type.Object({
  license_id: Type.String(),
  version: Type.Integer(),
  /** Hash of what would change. */
  effect: Type.String(),
  ...Changes.properties,
  /** Accesses that the version would leave without a binding or second factor it demands; it cannot be published over them. */
  unfit_accesses: Type.Array(Type.String()),
  traffic: TrafficEffect,
});
export type LicenseEffect = Static<typeof LicenseEffect>;
