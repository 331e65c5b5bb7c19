import Type, { type Static } from "typebox";
import { Id, Instant, text } from "./fields.ts";

/**
 * A node and the newest policy epoch it has confirmed, `milliseconds` after the change was stored. One that is not
 * `in_force` may act on the policy before until `latest`.
 */
export const PolicyNode = Type.Object({
  node_id: Type.String(),
  epoch: Type.String(),
  milliseconds: Type.Number(),
  in_force: Type.Boolean(),
  latest: Type.Optional(Instant),
});
export type PolicyNode = Static<typeof PolicyNode>;

/**
 * How far a change of the policy has got. `in_force`: every node acts on it. `committed`: it is stored, and the nodes
 * that are not `in_force` may act on the policy before until `latest`.
 */
export const PolicyInForce = Type.Object({
  /** The policy epoch of the change (a decimal integer). */
  epoch: Type.String(),
  state: Type.Enum(["in_force", "committed"]),
  nodes: Type.Array(PolicyNode),
  latest: Type.Optional(Instant),
});
export type PolicyInForce = Static<typeof PolicyInForce>;

/** A change that takes something away also has its proof: GET /v1/revocations/{revocation_id} turns `in_force` later. */
export const Revoking = Type.Object({
  ...PolicyInForce.properties,
  /** Absent when the change took nothing away that still worked. */
  revocation_id: Type.Optional(Id),
});
export type Revoking = Static<typeof Revoking>;

/** Why something is taken away or given back, for the audit; never data of a person. */
export const Reason = Type.Object({ reason: text(200) }, { additionalProperties: false });
export type Reason = Static<typeof Reason>;
