import type { AuditTrail } from "../audit/audit-trail.ts";
import type { Call } from "../call.ts";
import type { TokenPolicy } from "../policy/snapshot.ts";
import type { Served } from "../settle-call.ts";
import type { RevokedHere } from "./revoked-here.ts";

const route = "/v1/self/revoke";

/**
 * True for `POST /v1/self/revoke` with a confidential token. A publishable token lies in code that others read: whoever
 * has it could end it, so for it this path is an unknown one and goes the way of the uniform 404.
 */
export function isSelfRevoke(call: Call, token: TokenPolicy): boolean {
  return call.path === route && call.method === "POST" && token.access.kind === "confidential";
}

/**
 * Ends the token that made the call, whether or not the store is there. Its record is on disk first; then this node
 * refuses the token, and then it answers. The record reaches the store with the journal, where the control room ends the
 * token for all nodes. A record that cannot be kept leaves the token as it was, so that the call can be made again.
 */
export async function selfRevoke(call: Call, token: TokenPolicy, parts: { audit: AuditTrail; revokedHere: RevokedHere }): Promise<Served> {
  await parts.audit.revokes(call, route);
  parts.revokedHere.add(token.tokenId);
  const body = { token_id: token.tokenId, state: "revoked_on_this_node", requested_at: call.at.toISOString() };
  return { status: 200, body: Buffer.from(JSON.stringify(body)) };
}
