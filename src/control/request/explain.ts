import { listAccessEntries } from "../../audit/read.ts";
import { AppError } from "../../contract/errors.ts";
import type { RequestExplanation } from "../../contract/request-explanation.ts";
import type { ActionContext } from "../context.ts";
import { visiblePartners } from "../partner-scope.ts";
import { requireScope } from "../require-scope.ts";
import { sayOutcome } from "./say.ts";

const unknown =
  "no call with this request id is known here: records arrive within a second of the call, and one whose token was not recognised is nobody's";

/** How a call ended, in words. `not-found` for any id that is none of a call that the actor may see. */
export async function explainRequest(ctx: ActionContext, input: { request_id: string }): Promise<RequestExplanation> {
  requireScope(ctx, "requests:read");
  const partnerIds = visiblePartners(ctx);
  const { items } = await listAccessEntries(ctx.db, ctx.tenantId, {
    requestId: input.request_id,
    limit: 10,
    ...(partnerIds === undefined ? {} : { partnerIds }),
  });
  const entry = items.find(({ phase }) => phase === "answer") ?? items[0];
  if (entry === undefined) throw new AppError("not-found", unknown);
  const { entry_id, at, method, route, operation_id, status, code, clause, license_id, license_version, access_id, token_id } = entry;
  return {
    request_id: entry.request_id,
    entry_id,
    at: at.toISOString(),
    method,
    route,
    operation_id,
    status,
    code,
    clause,
    license_id,
    license_version,
    access_id,
    token_id,
    aborted: items.some(({ phase, clause: ending }) => phase === "completion" && ending === "aborted"),
    says: sayOutcome(entry),
  };
}
