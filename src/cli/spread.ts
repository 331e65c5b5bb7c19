/** How far a change of the policy has got, as the API tells it. */
export type Spread = {
  state: string;
  nodes: { node_id: string; milliseconds: number; in_force: boolean; latest?: string }[];
  latest?: string;
  revocation_id?: string;
};

/** Lines on how far a change has got: in force everywhere, or who may still act on what was before, and until when. */
export function spread(change: Spread): string[] {
  const proof = change.revocation_id === undefined ? [] : [`revocation ${change.revocation_id}`];
  if (change.state === "in_force") {
    const slowest = Math.max(0, ...change.nodes.map((node) => node.milliseconds));
    return [`In force on every node (${change.nodes.length}, within ${slowest} ms).`, ...proof];
  }
  const missing = change.nodes.filter((node) => !node.in_force);
  return [
    `Stored; not in force everywhere yet${change.latest === undefined ? "" : `, at the latest by ${change.latest}`}.`,
    ...missing.map((node) => `  ${node.node_id} may act on what was before until ${node.latest ?? "it answers"}`),
    ...proof,
  ];
}
