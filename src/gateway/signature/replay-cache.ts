export type ReplayCache = { add(owner: string, signature: string, nowMs: number): "new" | "seen" | "full" };

type Generation = { since: number; seen: Set<string>; perOwner: Map<string, number> };

/**
 * Remembers signatures for at least `keptMs`, in two generations of which the older is dropped whole. What is full says
 * so instead of forgetting; one owner fills its own share only.
 */
export function createReplayCache({ keptMs, mostPerOwner, most }: { keptMs: number; mostPerOwner: number; most: number }): ReplayCache {
  let live = generation(Number.NEGATIVE_INFINITY);
  let old = live;
  return {
    add(owner, signature, nowMs) {
      if (nowMs - live.since >= keptMs) {
        // after twice the time the live one is out of date too
        old = nowMs - live.since >= 2 * keptMs ? generation(nowMs) : live;
        live = generation(nowMs);
      }
      const key = `${owner} ${signature}`;
      if (live.seen.has(key) || old.seen.has(key)) return "seen";
      const owned = live.perOwner.get(owner) ?? 0;
      if (owned >= mostPerOwner || live.seen.size >= most) return "full";
      live.seen.add(key);
      live.perOwner.set(owner, owned + 1);
      return "new";
    },
  };
}

function generation(since: number): Generation {
  return { since, seen: new Set(), perOwner: new Map() };
}
