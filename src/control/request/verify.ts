import type { ErrorVerdict } from "../../contract/request-explanation.ts";
import { createErrorProofs } from "../../platform/error-proof.ts";
import { idInstant } from "../../platform/ids.ts";
import type { ActionContext } from "../context.ts";
import { requireScope } from "../require-scope.ts";

type PastedError = { request_id: string; status: number; code: string; clause?: string; proof: string };

/** Whether this platform answered exactly this error. Reads no record, so it holds for callers that were not recognised too. */
export async function verifyError(ctx: ActionContext, { request_id, proof, ...rest }: PastedError): Promise<ErrorVerdict> {
  requireScope(ctx, "requests:read");
  const genuine = createErrorProofs(ctx.keyring.subject.key).holds({ requestId: request_id, ...rest }, proof);
  const at = genuine ? idInstant(request_id) : undefined;
  return { request_id, genuine, at: at === undefined ? null : at.toISOString() };
}
