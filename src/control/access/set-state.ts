import { changeHolderState, type HolderChange, type HolderChanged } from "../change-holder-state.ts";
import type { ActionContext } from "../context.ts";

/** Disables, enables or revokes an access; see changeHolderState. */
export async function setAccessState(
  ctx: ActionContext,
  input: { access_id: string } & Pick<HolderChange, "to" | "reason">,
): Promise<HolderChanged & { access_id: string; access_state: HolderChange["to"] }> {
  const { access_id, to, reason } = input;
  return { access_id, access_state: to, ...(await changeHolderState(ctx, { kind: "access", id: access_id, to, reason })) };
}
