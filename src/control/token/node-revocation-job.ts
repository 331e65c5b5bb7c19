import { openNodeRevocations } from "../../audit/node-revocations.ts";
import type { Log } from "../../platform/log.ts";
import { startRepeating } from "../../platform/repeat.ts";
import { type ActionContext, systemContext } from "../context.ts";
import { revokeToken } from "./revoke.ts";

const everyMs = 1_000;

type Deps = Pick<ActionContext, "db" | "clock" | "keyring">;

/** Ends, for all nodes, each token that was revoked on a node and whose record has come home; returns how many. */
export async function applyNodeRevocations(deps: Deps): Promise<number> {
  const open = await openNodeRevocations(deps.db);
  for (const { tenantId, tokenId, entryId } of open)
    await revokeToken(systemContext(deps, tenantId, "node-revocations"), { token_id: tokenId, reason: `revoked on a node: ${entryId}` });
  return open.length;
}

/** Looks each second. Ending a token is final and done once, so several processes may look. */
export function startNodeRevocationJob(deps: Deps, log: Log): { stop(): Promise<void> } {
  return startRepeating({
    everyMs,
    turn: () => applyNodeRevocations(deps),
    failed: "revocations of nodes could not be applied; tried again in 1 s",
    log,
  });
}
