import type { Call } from "../call.ts";
import type { AccessPolicy, Grant, Snapshot } from "../policy/snapshot.ts";
import { Refusal } from "../refusal.ts";

/** The operation found and what the license grants of it, or why there is none (for the audit). */
export type Match = { grant: Grant; values: string[] } | { grant: undefined; clause: string; values?: undefined };

/**
 * Step 4: method and path -> operation -> the license's grant; default deny. The verdict is given after the limit
 * (`demandGrant`): looking for operations costs the same budget as calling them, whatever is found.
 */
export function matchOperation(call: Call, access: AccessPolicy, snapshot: Snapshot): Match {
  const found = snapshot.routes.get(access.license.tenantId)?.find(call.method, call.path);
  const grant = access.license.grants.get(found?.route.operationId ?? "");
  if (found === undefined) return { grant: undefined, clause: "route-unknown" };
  call.seen.operation = found.route;
  if (grant === undefined) return { grant: undefined, clause: "operation-not-licensed" };
  if (!found.route.service.active) return { grant: undefined, clause: "service-disabled" };
  if (access.kind === "publishable" && !found.route.publishable) return { grant: undefined, clause: "operation-not-publishable" };
  return { grant, values: found.values };
}

export function demandGrant(match: Match): { grant: Grant; values: string[] } {
  if (match.grant === undefined) throw new Refusal("not-found", { clause: match.clause });
  return match;
}
