import { setImmediate } from "node:timers/promises";
import { type AccessRecord, nodeRevocationClause } from "../../contract/access-record.ts";
import { type NodeRevoke, type NodeRevoked, readNodeRevoke } from "../../contract/node-revoke.ts";
import type { Clock } from "../../platform/clock.ts";
import { newId } from "../../platform/ids.ts";
import type { RecordSink } from "../audit/audit-trail.ts";
import type { Snapshot, TokenPolicy } from "../policy/snapshot.ts";
import type { RevokedHere } from "./revoked-here.ts";

/** Throws an Error for the caller to read. */
export type RevokeOnNode = (asked: unknown) => Promise<NodeRevoked>;

/** About a millisecond. */
const tokensAtOnce = 1_000;

type Parts = {
  /** The policy in use, however old: what is taken away is taken away from it. */
  policy(): Snapshot | undefined;
  revokedHere: RevokedHere;
  journal: RecordSink;
  nodeId: string;
  clock: Clock;
};

/**
 * Ends a token, or all tokens of an access, on this node, whether or not the store is there: as `self-revoke.ts`, for who
 * runs the node and has no token. Each record is on disk before its token is refused; the first that cannot be kept ends
 * it with what the journal throws, and doing it again does what is left.
 */
export function createRevokeOnNode(parts: Parts): RevokeOnNode {
  return async (asked) => {
    const what = readNodeRevoke(asked);
    if (what === undefined) throw new Error("Name one token or one access.");
    const found = await tokensOf(parts.policy(), what);
    if (found.length === 0) throw new Error("This node knows no live token of that id.");
    const at = parts.clock.now();
    for (const token of found) {
      if (parts.revokedHere.has(token.tokenId)) continue;
      await parts.journal.append(recordOf(token, at), "answer");
      parts.revokedHere.add(token.tokenId);
    }
    return { node_id: parts.nodeId, token_ids: found.map((token) => token.tokenId), requested_at: at.toISOString() };
  };
}

/** All tokens are looked at, in turns: calls go on meanwhile. */
async function tokensOf(policy: Snapshot | undefined, asked: NodeRevoke): Promise<TokenPolicy[]> {
  const wanted = (token: TokenPolicy): boolean =>
    "token_id" in asked ? token.tokenId === asked.token_id : token.access.accessId === asked.access_id;
  const found: TokenPolicy[] = [];
  let seen = 0;
  for (const token of policy?.tokens.values() ?? []) {
    if (token.state !== "ended" && wanted(token)) found.push(token);
    seen += 1;
    if (seen % tokensAtOnce === 0) await setImmediate();
  }
  return found;
}

function recordOf({ tokenId, access }: TokenPolicy, at: Date): AccessRecord {
  const { license } = access;
  return {
    id: newId("aud"),
    at: at.toISOString(),
    phase: "intent",
    tenantId: license.tenantId,
    partnerId: license.partnerId,
    licenseId: license.licenseId,
    licenseVersion: license.version,
    clientId: access.clientId,
    accessId: access.accessId,
    tokenId,
    method: "LOCAL",
    route: "node revoke",
    status: 0,
    code: "ok",
    clause: nodeRevocationClause,
    requestId: newId("req"),
  };
}
