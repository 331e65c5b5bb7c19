import { closedBreaker } from "./breaker.ts";
import type { TargetState } from "./choose-target.ts";
import { fullBudget, type RetryBudget } from "./retry-budget.ts";
import type { UpstreamSettings } from "./upstream-settings.ts";

/** The targets of one service for one mode, as one snapshot names them. */
export type TargetGroup = { readonly serviceId: string; readonly origins: readonly string[]; readonly settings: UpstreamSettings };

/** What this node knows of a group. */
export type GroupState = { targets: readonly TargetState[]; budget: RetryBudget; turn: number };

/** The state of targets and services, which outlives the snapshots that name them. */
export type TargetBook = {
  of(group: TargetGroup): GroupState;
  markDown(keys: ReadonlySet<string>): void;
  all(): readonly TargetState[];
  retain(origins: ReadonlySet<string>): void;
};

export function createTargetBook(now: () => number): TargetBook {
  const targets = new Map<string, TargetState>();
  const budgets = new Map<string, RetryBudget>();
  // a snapshot's group leads straight to its state; the next snapshot's finds the same targets by their keys
  let groups = new WeakMap<TargetGroup, GroupState>();
  let down: ReadonlySet<string> = new Set();

  function targetOf(key: string, origin: string): TargetState {
    const found = targets.get(key);
    if (found !== undefined) return found;
    const made = { key, origin, pending: 0, down: down.has(key), breaker: closedBreaker(now()) };
    targets.set(key, made);
    return made;
  }

  return {
    of(group) {
      const found = groups.get(group);
      if (found !== undefined) return found;
      const budget = budgets.get(group.serviceId) ?? fullBudget(now());
      budgets.set(group.serviceId, budget);
      const state = { targets: group.origins.map((origin) => targetOf(targetKey(group.serviceId, origin), origin)), budget, turn: 0 };
      groups.set(group, state);
      return state;
    },
    markDown(keys) {
      down = keys;
      for (const target of targets.values()) target.down = keys.has(target.key);
    },
    all: () => [...targets.values()],
    retain(origins) {
      for (const [key, target] of targets) if (!origins.has(target.origin)) targets.delete(key);
      const services = new Set([...targets.keys()].map(serviceOfKey));
      for (const serviceId of budgets.keys()) if (!services.has(serviceId)) budgets.delete(serviceId);
      // groups of older snapshots would lead to targets that are forgotten
      groups = new WeakMap();
    },
  };
}

/** Names a target of a service; ids hold no space. */
export function targetKey(serviceId: string, origin: string): string {
  return `${serviceId} ${origin}`;
}

function serviceOfKey(key: string): string {
  return key.slice(0, key.indexOf(" "));
}
