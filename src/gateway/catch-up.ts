import type { PolicyKeeper } from "./policy-keeper.ts";

const waitMs = 500;

/**
 * What a call waits for before it is let in: undefined when no newer policy is known than is in use. The listener's thread
 * learns of an epoch even while this thread is busy, so a call that is read after a revocation was published here does not
 * slip in under the policy before. When the newer policy cannot be loaded within 500 ms (the store went away right after
 * its notice) the frozen one goes on to serve, as on any island: whoever revoked waits for this node until its
 * `serves_until` anyway. No call waits for that epoch again; the heartbeat goes on trying.
 */
export function createCatchUp(keeper: Pick<PolicyKeeper, "current" | "applied">, newest: () => bigint): () => Promise<void> | undefined {
  let gaveUp = -1n;
  return () => {
    const wanted = newest();
    const inUse = keeper.current()?.epoch;
    if (inUse === undefined || wanted <= inUse || wanted <= gaveUp) return undefined;
    return keeper.applied(wanted, waitMs).then((reached) => {
      if (!reached && wanted > gaveUp) gaveUp = wanted;
    });
  };
}
