import { changeHolderState, type HolderChange, type HolderChanged } from "../change-holder-state.ts";
import type { ActionContext } from "../context.ts";

/** Disables, enables or revokes a client; see changeHolderState. */
export async function setClientState(
  ctx: ActionContext,
  input: { client_id: string } & Pick<HolderChange, "to" | "reason">,
): Promise<HolderChanged & { client_id: string; client_state: HolderChange["to"] }> {
  const { client_id, to, reason } = input;
  return { client_id, client_state: to, ...(await changeHolderState(ctx, { kind: "client", id: client_id, to, reason })) };
}
