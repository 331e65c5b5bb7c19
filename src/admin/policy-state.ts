import type { PolicyInForce } from "../contract/policy-in-force.ts";
import type { AdminOptions, PolicyState } from "./options.ts";

/** A committed change with how far its policy has got on the nodes, asked after the commit. */
export async function withPolicyState<T extends { epoch: bigint }>(
  options: AdminOptions,
  change: Promise<T>,
): Promise<Omit<T, "epoch"> & PolicyInForce> {
  const committed = await change;
  const { state, nodes, latest } = await askNodes(options, committed.epoch);
  return {
    ...committed,
    epoch: String(committed.epoch),
    state,
    nodes: nodes.map(({ node_id, epoch, milliseconds }) => ({ node_id, epoch: String(epoch), milliseconds })),
    ...(latest === undefined ? {} : { latest }),
  };
}

/** The change is stored whatever happens here, and a reply with a new token must reach its caller. */
async function askNodes(options: AdminOptions, epoch: bigint): Promise<PolicyState> {
  try {
    return await options.policyInForce(epoch);
  } catch (error) {
    options.log.error(
      { code: "policy-state-unknown", error: error instanceof Error ? error.name : typeof error },
      "nodes could not be asked",
    );
    return { state: "committed", nodes: [] };
  }
}
