import { admits, waitMs, type Breaker } from "./breaker.ts";

/** What this node knows of one target of one service. */
export type TargetState = {
  readonly key: string;
  readonly origin: string;
  /** Calls under way or waiting. */
  pending: number;
  /** By the service's health check. */
  down: boolean;
  readonly breaker: Breaker;
};

export type ChooseBy = {
  nowMs: number;
  /** Where the round begins: ties go around. */
  turn: number;
  maxPending: number;
  /** The call may be sent again, so it may also probe a target that failed. */
  repeatable: boolean;
  /** The target that just failed this call: taken again only when there is no other. */
  failed: TargetState | undefined;
};

/**
 * The target with the fewest pending calls among those that are up and admit one. When the health check calls all of them
 * down it is taken to be wrong, and the breakers alone decide.
 */
export function chooseTarget(targets: readonly TargetState[], by: ChooseBy): TargetState | undefined {
  const someUp = targets.some((target) => !target.down);
  let best: TargetState | undefined;
  let bestRank = 0;
  for (let i = 0; i < targets.length; i += 1) {
    const target = targets[(by.turn + i) % targets.length];
    if (target === undefined || (someUp && target.down) || target.pending >= by.maxPending || !admits(target.breaker, by.nowMs)) continue;
    const rank = rankOf(target, by);
    if (best !== undefined && (rank > bestRank || (rank === bestRank && target.pending >= best.pending))) continue;
    best = target;
    bestRank = rank;
  }
  return best;
}

function rankOf(target: TargetState, by: ChooseBy): number {
  return (target === by.failed ? 2 : 0) + (!by.repeatable && target.breaker.state !== "closed" ? 1 : 0);
}

/** Why no target was chosen, and when to come again. */
export function whyNone(targets: readonly TargetState[], nowMs: number): { reason: "circuit-open" | "queue-full"; retryAfterMs: number } {
  const someUp = targets.some((target) => !target.down);
  const used = targets.filter((target) => !(someUp && target.down));
  if (used.some((target) => admits(target.breaker, nowMs))) return { reason: "queue-full", retryAfterMs: 1_000 };
  return { reason: "circuit-open", retryAfterMs: Math.min(...used.map((target) => waitMs(target.breaker, nowMs))) };
}
