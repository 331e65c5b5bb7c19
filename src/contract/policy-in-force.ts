import Type, { type Static } from "typebox";
import { Instant } from "./fields.ts";

/** A node and the newest policy epoch it has confirmed, `milliseconds` after the question was put. */
export const PolicyNode = Type.Object({
  node_id: Type.String(),
  epoch: Type.String(),
  milliseconds: Type.Number(),
});
export type PolicyNode = Static<typeof PolicyNode>;

/**
 * How far a change of the policy has got. `in_force`: every node acts on it. `committed`: it is stored, and the nodes
 * listed may act on the policy before until `latest`.
 */
export const PolicyInForce = Type.Object({
  /** The policy epoch of the change (a decimal integer). */
  epoch: Type.String(),
  state: Type.Enum(["in_force", "committed"]),
  nodes: Type.Array(PolicyNode),
  latest: Type.Optional(Instant),
});
export type PolicyInForce = Static<typeof PolicyInForce>;
