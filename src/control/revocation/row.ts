import type { Selectable } from "kysely";
import type { PolicyNode } from "../../contract/policy-in-force.ts";
import type { Revocation } from "../../contract/revocation.ts";
import type { JsonValue, Revocation as RevocationTable } from "../../db/types.generated.ts";
import { isoOrNull } from "../instants.ts";
import { latestAccept } from "./judge-nodes.ts";

export const revocationColumns = [
  "revocation_id",
  "what",
  "target_kind",
  "target_id",
  "epoch",
  "requested_at",
  "state",
  "nodes",
  "in_force_at",
] as const;

export type RevocationRow = Pick<Selectable<RevocationTable>, (typeof revocationColumns)[number]>;

export function revocationOf(row: RevocationRow): Revocation {
  const nodes = storedNodes(row.nodes);
  const latest = latestAccept(nodes);
  return {
    revocation_id: row.revocation_id,
    what: row.what,
    target: { kind: row.target_kind, id: row.target_id },
    epoch: row.epoch.toString(),
    requested_at: row.requested_at.toISOString(),
    state: row.state,
    nodes,
    ...(row.state === "committed" && latest !== undefined ? { latest } : {}),
    in_force_at: isoOrNull(row.in_force_at),
  };
}

/** Written by settle.ts alone, from the contract's own type. */
export function storedNodes(value: JsonValue): PolicyNode[] {
  return value as PolicyNode[];
}
