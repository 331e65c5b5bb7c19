import type { Log } from "../platform/log.ts";
import { compileSnapshot, type CompileWith } from "./policy/compile-snapshot.ts";
import type { PolicyRows } from "./policy/policy-rows.ts";
import type { Snapshot } from "./policy/snapshot.ts";

/** Holds the policy in use and replaces it whole. */
export type PolicyKeeper = {
  current(): Snapshot | undefined;
  /** Loads the newest policy when it is newer. Resolves when a load that began after this call is in use; rejects when it failed. */
  refresh(): Promise<void>;
  /** True when a policy of this epoch or a newer one is in use within the time. Starts a refresh. */
  applied(epoch: bigint, timeoutMs: number): Promise<boolean>;
};

export type KeeperOptions = CompileWith & {
  load(knownEpoch: bigint | undefined): Promise<PolicyRows | undefined>;
  /** Called right after a new policy is in use. */
  onApplied(snapshot: Snapshot): void;
  log: Log;
};

export function createPolicyKeeper(options: KeeperOptions): PolicyKeeper {
  let snapshot: Snapshot | undefined;
  let running: Promise<void> | undefined;
  let queued: Promise<void> | undefined;
  const waiting = new Set<() => void>();

  async function load(): Promise<void> {
    const rows = await options.load(snapshot?.epoch);
    // an epoch never goes back; a store that says otherwise is an older copy
    if (rows === undefined || (snapshot !== undefined && rows.epoch < snapshot.epoch)) return;
    snapshot = compileSnapshot(rows, options);
    options.log.debug({ epoch: String(rows.epoch), tokens: snapshot.tokens.size }, "policy in use");
    options.onApplied(snapshot);
    for (const check of waiting) check();
  }

  function run(): Promise<void> {
    const work = load().finally(() => {
      running = undefined;
    });
    running = work;
    return work;
  }

  function refresh(): Promise<void> {
    if (running === undefined) return run();
    // the load under way may have read before the caller's change: one more is needed, and one serves all who wait
    queued ??= running.then(startQueued, startQueued);
    return queued;
  }

  function startQueued(): Promise<void> {
    queued = undefined;
    return run();
  }

  return {
    current: () => snapshot,
    refresh,
    applied(epoch, timeoutMs) {
      const reached = (): boolean => snapshot !== undefined && snapshot.epoch >= epoch;
      if (reached()) return Promise.resolve(true);
      return new Promise((resolve) => {
        const settle = (result: boolean): void => {
          clearTimeout(timer);
          waiting.delete(check);
          resolve(result);
        };
        const check = (): void => {
          if (reached()) settle(true);
        };
        const timer = setTimeout(() => settle(reached()), timeoutMs);
        waiting.add(check);
        refresh().catch(() => options.log.warn("the policy could not be refreshed"));
      });
    },
  };
}
