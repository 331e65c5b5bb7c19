import type { PolicyInForce } from "../contract/policy-in-force.ts";
import type { ActionContext } from "../control/context.ts";
import { settleRevocation } from "../control/revocation/settle.ts";
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
    nodes: nodes.map(({ epoch, ...node }) => ({ ...node, epoch: String(epoch) })),
    ...(latest === undefined ? {} : { latest }),
  };
}

/** The same for a change that took something away: what the nodes answered is kept with its revocation, the proof. */
export async function withRevocation<T extends { epoch: bigint; revocation_id?: string }>(
  ctx: ActionContext,
  options: AdminOptions,
  change: Promise<T>,
): Promise<Omit<T, "epoch"> & PolicyInForce> {
  const told = await withPolicyState(options, change);
  const { revocation_id: revocationId } = await change;
  // nodes that could not be asked are asked again by the job
  if (revocationId === undefined || (told.state === "committed" && told.nodes.length === 0)) return told;
  try {
    await settleRevocation(ctx, { tenantId: ctx.tenantId, revocationId }, told.nodes);
  } catch (error) {
    logFailure(options, error, "a revocation's state could not be kept; the job does it again");
  }
  return told;
}

/** The change is stored whatever happens here, and a reply with a new token must reach its caller. */
async function askNodes(options: AdminOptions, epoch: bigint): Promise<PolicyState> {
  try {
    return await options.policyInForce(epoch);
  } catch (error) {
    logFailure(options, error, "nodes could not be asked");
    return { state: "committed", nodes: [] };
  }
}

function logFailure(options: AdminOptions, error: unknown, what: string): void {
  options.log.error({ code: "policy-state-unknown", error: error instanceof Error ? error.name : typeof error }, what);
}
