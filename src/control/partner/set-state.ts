import { changeHolderState, type HolderChange, type HolderChanged } from "../change-holder-state.ts";
import type { ActionContext } from "../context.ts";

/** Disables, enables or revokes a partner; see changeHolderState. */
export async function setPartnerState(
  ctx: ActionContext,
  input: { partner_id: string } & Pick<HolderChange, "to" | "reason">,
): Promise<HolderChanged & { partner_id: string; partner_state: HolderChange["to"] }> {
  const { partner_id, to, reason } = input;
  return { partner_id, partner_state: to, ...(await changeHolderState(ctx, { kind: "partner", id: partner_id, to, reason })) };
}
